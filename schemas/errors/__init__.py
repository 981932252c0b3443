"""The error tree, by whose fault it is. Standard library only."""

from __future__ import annotations

# base
from .base import CODES, InputError, InputErrors, InternalError, LedgerError, MetaEnsembleError, RunError

# internal
from .internal import IllegalTransition, InvariantBroken, UnexpectedError

# invocation, the command line
from .invocation import (
    AmbiguousDagRun,
    BadFlagValue,
    CannotWriteFile,
    MalformedPair,
    MissingArgument,
    NoSuchAttempt,
    NothingToResume,
    RepeatedFlag,
    UnexpectedArgument,
    UnknownCode,
    UnknownCommand,
    UnknownDagRun,
    UnknownFlag,
    UnknownNode,
    UnknownRun,
)

# ledger
from .ledger import (
    AmbiguousRun,
    BlobMissing,
    ChainBroken,
    ConflictingRecord,
    LedgerDamaged,
    LedgerFull,
    LedgerInUse,
    LedgerLocked,
    LedgerMissing,
    LedgerReadOnly,
    LedgerUnreadable,
    NewerLedger,
    RunHeld,
)

# structure
from .structure import CyclicNeeds, UnreachableTask, WriteConflict

# schema_path
from .schema_path import UnknownSchemaPath

# grammar
from .grammar import (
    BadCommand,
    BadDuration,
    BadName,
    BadPattern,
    BadSpelling,
    ExpressionExpected,
    GrammarError,
    KeyOutOfPlace,
    MissingKey,
    NoWork,
    RepeatedNeed,
    SeveralWorks,
    UnknownKey,
    UnknownValue,
    UnknownVersion,
    ValueOutOfRange,
    WrongType,
)

# source
from .source import (
    DirectiveInYaml,
    DuplicateKey,
    ExplicitKey,
    KeyNotText,
    MergeKey,
    NumberOutOfRange,
    SeveralDocuments,
    SourceEmpty,
    SourceError,
    SourceMissing,
    SourceNotText,
    SourceNotUtf8,
    SourceTooLarge,
    SourceUnreadable,
    TabInYaml,
    TagInYaml,
    TooManyAliases,
    UnknownAlias,
    UnquotedExpression,
    YamlSyntax,
    YamlTooDeep,
)
