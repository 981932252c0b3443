"""Patterns that cannot be used as they are."""

from __future__ import annotations

from .base import InputError


class UnknownPattern(InputError):
    """A task names a pattern that there is not.

    `me patterns list` prints the patterns that there are: those of this program, those that installed
    packages add, and those of the project, which stand under `patterns` in the graph file or in
    `.metaensemble/patterns/`.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fan_out: {n: 3}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 3}}}
    ```
    """

    code = "ME330"


class UnknownSetting(InputError):
    """A pattern has no setting of that name, or a member no such key.

    A setting that is misspelled would otherwise be left out without a word. `me patterns show NAME`
    lists the settings of a pattern. A member has the keys of a task that say what is done and how, and
    beside them `name`; in some patterns also `brief`, `purpose` and `share`. Keys that begin with `x-`
    are for your own notes.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 3, joins: first_ok}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 3, join: first_ok}}}
    ```
    """

    code = "ME331"


class MissingSetting(InputError):
    """A pattern lacks a setting that it cannot do without.

    What is counted in a vote, who reviews, and who judges cannot be guessed.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      draft: {run: ./write.sh, pattern: {peer_review: {rounds: 2}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      draft:
        run: ./write.sh
        pattern: {peer_review: {rounds: 2, reviewers: [{run: ./review.sh}]}}
    ```
    """

    code = "ME332"


class BadSetting(InputError):
    """A setting of a pattern has a value that it cannot have.

    It is of another type, outside its bounds, or at odds with another setting. Numbers are not read out
    of text: `n: "3"` is text. A setting may be an expression over `params` and `matrix`; its value is
    then looked at once they are known, still before anything runs.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: three}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 3}}}
    ```
    """

    code = "ME333"


class TooFewMembers(InputError):
    """A pattern has fewer members than it needs to mean anything.

    One voter is no vote, one candidate leaves nothing to choose, and a shadow needs somebody beside the
    task. For one node leave `pattern` out.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 1}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 2}}}
    ```
    """

    code = "ME334"


class NothingDiffers(InputError):
    """A shadow does the same as the task that it runs beside.

    A shadow is there to be compared: with another command, callable, runtime, tier or model. Compared
    with itself a task only shows how much it varies, at twice the cost.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {shadow: {shadows: [{run: ./look.sh}]}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {shadow: {shadows: [{run: ./look-anew.sh}]}}}
    ```
    """

    code = "ME335"


class SelfReview(InputError):
    """A reviewer is the author.

    Nobody reviews their own work. A reviewer must do other work than the author: another command,
    another callable, or another Role. Tasks are compared by what they run, not by their names.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      draft: {run: ./write.sh, pattern: {peer_review: {reviewers: [{run: ./write.sh}]}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      draft: {run: ./write.sh, pattern: {peer_review: {reviewers: [{run: ./review.sh}]}}}
    ```
    """

    code = "ME336"


class NoVoteField(InputError):
    """The output that is voted on has no field of that name.

    A vote counts one field of a typed output, so every voter's output needs a schema that has it. Text
    is not counted: no two texts are the same.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look:
        run: ./look.sh
        pattern: {consensus: {n: 3, vote: verdict}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look:
        run: ./look.sh
        output: {schema: {type: object, required: [verdict], properties: {verdict: {type: string}}}}
        pattern: {consensus: {n: 3, vote: verdict}}
    ```
    """

    code = "ME337"


class SharesTooLarge(InputError):
    """The members of a team are promised more than all of the budget.

    A share is a part of the task's budget, between 0 and 1. Together they may be at most 1; what is left
    over is for what joins the results.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      study:
        pattern:
          team:
            members: [{run: ./read.sh, share: 0.7}, {run: ./count.sh, share: 0.5}]
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      study:
        pattern:
          team:
            members: [{run: ./read.sh, share: 0.5}, {run: ./count.sh, share: 0.4}]
    ```
    """

    code = "ME338"


class NoOutsideCheck(InputError):
    """A cascade or a refinement has nothing from outside that says whether a result will do.

    To let an author judge and revise its own work does not make it better (arXiv 2310.01798). So `check`
    is a member that does other work than what it checks: tests, a linter, a validator. It passes when it
    exits with 0.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      draft: {run: ./write.sh, pattern: {refine: {rounds: 2}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      draft: {run: ./write.sh, pattern: {refine: {rounds: 2, check: {run: ./test.sh}}}}
    ```
    """

    code = "ME339"


class RelatedJudge(InputError):
    """A judge is of the same family as one of the candidates.

    Whoever judges prefers its own kind. A family is the program, the script or the callable: two
    commands that start the same program are of one family, whatever their arguments.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      best:
        pattern:
          judge:
            candidates: [{run: ./short.sh}, {run: ./long.sh}]
            judge: {run: ./short.sh --judge}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      best:
        pattern:
          judge:
            candidates: [{run: ./short.sh}, {run: ./long.sh}]
            judge: {run: ./judge.sh}
    ```
    """

    code = "ME340"


class EndlessTemplate(InputError):
    """A pattern that is written as a graph uses itself, directly or through others.

    It would be expanded without end. A task of such a graph may name other patterns, and these further
    ones, but none that leads back. For work that is to be done again until a condition holds, use
    `repeat`.

    Example:

    ```sh
    mkdir -p .metaensemble/patterns
    echo '{tasks: {first: {pattern: {twice: {}}}}}' > .metaensemble/patterns/twice.yaml
    echo '{tasks: {look: {run: ./look.sh, pattern: twice}}}' > check.yaml
    me dag plan check.yaml
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/patterns
    echo '{tasks: {first: {pattern: {fanout: {n: 2}}}}}' > .metaensemble/patterns/twice.yaml
    echo '{tasks: {look: {run: ./look.sh, pattern: twice}}}' > check.yaml
    me dag plan check.yaml
    ```
    """

    code = "ME341"


class PatternTooLarge(InputError):
    """Patterns lie too deep in one another, or make too many nodes.

    At most 8 patterns lie one in the other, and the patterns of a graph make at most 100,000 nodes.
    Numbers multiply: ten copies of a fanout of ten are a hundred. For many items use `each`, which makes
    its nodes only when their turn comes.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, pattern: {fanout: {n: 200000}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, each: "${{ range(1000) }}", pattern: {fanout: {n: 3}}}
    ```
    """

    code = "ME342"


class NothingToDo(InputError):
    """A pattern is to do a task's work, and the task has none.

    Copies of a task need a task that does something: `run`, `python` or `graph`. Without that every
    member must bring work of its own. `validate` lets such a task be, because in a graph that is used as
    a pattern it does the work of the task that uses it.

    Example:

    ```sh
    echo '{tasks: {look: {pattern: {fanout: {n: 3}}}}}' > check.yaml
    me dag plan check.yaml
    ```

    Use instead:

    ```sh
    echo '{tasks: {look: {pattern: {fanout: {members: [{run: wc -l}, {run: wc -c}]}}}}}' > check.yaml
    me dag plan check.yaml
    ```
    """

    code = "ME343"


class InputTaken(InputError):
    """A task gives an input under a name that its pattern uses.

    A pattern hands things on as inputs: the brief of a copy, the candidate that is to be checked, the
    findings of the last round. An input of the same name under `with` would hide them.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, with: {brief: Look twice}, pattern: {fanout: {n: 3}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, with: {order: Look twice}, pattern: {fanout: {n: 3}}}
    ```
    """

    code = "ME344"


class EffectsRepeated(InputError):
    """A pattern would do several times what changes the world outside.

    `effects: external` says that a task sends, pays, deletes or publishes something. Three copies of it
    would do so three times. Let the pattern decide, and act once, in a task behind it.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      send: {run: ./send.sh, effects: external, pattern: {fanout: {n: 3}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      write: {run: ./write.sh, pattern: {fanout: {n: 3, join: first_ok}}}
      send: {run: ./send.sh, needs: [write], effects: external}
    ```
    """

    code = "ME345"


class SharedFile(InputError):
    """Members of a pattern that work at the same time would write the same file.

    What one wrote, another would overwrite, and nobody could tell whose it is. Hand the result on as the
    output, which each piece has for itself, or let each member write a file of its own.

    Example:

    ```yaml
    version: 1
    name: check
    tasks:
      look: {run: ./look.sh, deliverables: [{path: report.md}], pattern: {fanout: {n: 3}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    tasks:
      look:
        pattern:
          fanout:
            members:
              - {run: ./look.sh, deliverables: [{path: look.md}]}
              - {run: ./listen.sh, deliverables: [{path: listen.md}]}
    ```
    """

    code = "ME346"


class TemplateUnusable(InputError):
    """A pattern that is written as a graph cannot be used.

    A pattern of one's own is a graph file: `.metaensemble/patterns/NAME.yaml`, or any file that
    `patterns: {NAME: {graph: FILE}}` names. Its settings are its `params`. The graph needs one result:
    either one last task, or `outputs` that say what it hands on. A task in it that has a `pattern` and
    no work of its own does the work of the task that uses the pattern; `each`, `repeat` and `matrix`
    belong to that task. Where the user's task has work, the pattern must do it.

    Example:

    ```sh
    mkdir -p .metaensemble/patterns
    echo '{tasks: {one: {run: echo 1}, two: {run: echo 2}}}' > .metaensemble/patterns/both.yaml
    echo '{tasks: {look: {pattern: both}}}' > check.yaml
    me dag plan check.yaml
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/patterns
    echo '{tasks: {one: {run: echo 1}, two: {run: echo 2, needs: [one]}}}' > .metaensemble/patterns/both.yaml
    echo '{tasks: {look: {pattern: both}}}' > check.yaml
    me dag plan check.yaml
    ```
    """

    code = "ME347"


class BuiltInShadowed(InputError):
    """The name of a built-in pattern is given to another one.

    `consensus` is the same thing in every graph, so neither `patterns` nor a file of the project may make
    something else of it. What a preset of that name may do is give the pattern other defaults: it then
    names itself.

    Example:

    ```yaml
    version: 1
    name: check
    patterns:
      consensus: {fanout: {n: 3}}
    tasks:
      look: {run: ./look.sh, pattern: consensus}
    ```

    Use instead:

    ```yaml
    version: 1
    name: check
    patterns:
      three-looks: {fanout: {n: 3}}
      fanout: {fanout: {join: first_ok}}
    tasks:
      look: {run: ./look.sh, pattern: three-looks}
    ```
    """

    code = "ME348"


class PatternBroken(InputError):
    """A pattern of an installed package cannot be used: the fault is in that package.

    The package registers the pattern under the entry point group `metaensemble.patterns`. What it gives
    is held to what a pattern must be: it can be loaded, its settings are a pydantic model, and it makes of a
    task pieces with ids of their own, which need one another without a cycle, and one of which is the
    result. The message says what was found, for whoever maintains the package.

    Example:

    ```sh
    mkdir -p site/tasting-1.0.dist-info && echo 'TASTING = None' > site/tasting.py
    printf 'Metadata-Version: 2.1\\nName: tasting\\nVersion: 1.0\\n' > site/tasting-1.0.dist-info/METADATA
    echo '[metaensemble.patterns]' > site/tasting-1.0.dist-info/entry_points.txt
    echo 'tasting = tasting:TASTING' >> site/tasting-1.0.dist-info/entry_points.txt
    echo '{tasks: {wine: {run: ./taste.sh, pattern: tasting}}}' > wine.yaml
    PYTHONPATH=site me dag plan wine.yaml
    ```

    Use instead:

    ```sh
    mkdir -p site/tasting-1.0.dist-info
    echo 'from metaensemble.patterns.solo import Solo; TASTING = Solo()' > site/tasting.py
    printf 'Metadata-Version: 2.1\\nName: tasting\\nVersion: 1.0\\n' > site/tasting-1.0.dist-info/METADATA
    echo '[metaensemble.patterns]' > site/tasting-1.0.dist-info/entry_points.txt
    echo 'tasting = tasting:TASTING' >> site/tasting-1.0.dist-info/entry_points.txt
    echo '{tasks: {wine: {run: ./taste.sh, pattern: tasting}}}' > wine.yaml
    PYTHONPATH=site me dag plan wine.yaml
    ```
    """

    code = "ME349"


class ReviewDemanded(InputError):
    """Work with external effects would escape the peer review that is demanded of it.

    Where the graph, a graph around it or the project names reviewers under `peer_review`, every task with
    `effects: external` is reviewed before it is done. That is put in by itself. Such a task can have no
    other pattern, not even `solo`, and no member of a pattern can have external effects instead of a task.

    Example:

    ```yaml
    version: 1
    name: release
    patterns:
      peer_review: {peer_review: {reviewers: [{run: ./look.sh}]}}
    tasks:
      publish: {run: ./publish.sh, effects: external, pattern: solo}
    ```

    Use instead:

    ```yaml
    version: 1
    name: release
    patterns:
      peer_review: {peer_review: {reviewers: [{run: ./look.sh}]}}
    tasks:
      publish: {run: ./publish.sh, effects: external}
    ```
    """

    code = "ME350"
