"""A small query builder: comparing a column gives a condition, and no truth value."""

import os
import json


class Column:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return Condition(self.name, other)

    __hash__ = None


class Condition:
    def __init__(self, column, value):
        self.column, self.value = column, value

    def text( self ):
        if self.value is None:
            return f'{self.column} IS NULL'
        return f"{self.column} = {json.dumps(self.value)}"


def orphans( parent = Column('parent') ):
    """The condition that finds rows without a parent."""
    return (parent == None).text()


def children( of, parent = Column('parent') ):
    """The condition that finds the rows below another one."""
    return (parent == of).text()


def all_rows():
    return f'TRUE'
