"""The error tree, by whose fault it is. Standard library only.

```
MetaEnsembleError
|-- RunError                    exit code 1
|-- InputError                  exit code 2
|   |-- GrammarError            exit code 2
|   |   |-- UnknownKey          ME201
|   |   |-- WrongType           ME202
|   |   |-- MissingKey          ME203
|   |   |-- UnknownValue        ME204
|   |   |-- ValueOutOfRange     ME205
|   |   |-- BadDuration         ME206
|   |   |-- NoWork              ME207
|   |   |-- SeveralWorks        ME208
|   |   |-- BadName             ME209
|   |   |-- ExpressionExpected  ME210
|   |   |-- KeyOutOfPlace       ME211
|   |   |-- UnknownVersion      ME212
|   |   |-- BadCommand          ME213
|   |   |-- RepeatedNeed        ME214
|   |   |-- BadPattern          ME215
|   |   `-- BadSpelling         ME216
|   |-- InputErrors             exit code 2
|   |-- SourceError             exit code 2
|   |   |-- SourceMissing       ME101
|   |   |-- SourceUnreadable    ME102
|   |   |-- SourceTooLarge      ME103
|   |   |-- SourceNotText       ME104
|   |   |-- SourceNotUtf8       ME105
|   |   |-- SourceEmpty         ME106
|   |   |-- YamlSyntax          ME110
|   |   |-- DuplicateKey        ME111
|   |   |-- TabInYaml           ME112
|   |   |-- UnquotedExpression  ME113
|   |   |-- MergeKey            ME114
|   |   |-- TagInYaml           ME115
|   |   |-- SeveralDocuments    ME116
|   |   |-- YamlTooDeep         ME117
|   |   |-- TooManyAliases      ME118
|   |   |-- UnknownAlias        ME119
|   |   |-- KeyNotText          ME120
|   |   |-- NumberOutOfRange    ME121
|   |   |-- DirectiveInYaml     ME122
|   |   `-- ExplicitKey         ME123
|   |-- CyclicNeeds             ME301
|   |-- WriteConflict           ME304
|   |-- UnreachableTask         ME305
|   |-- KeyNotBuilt             ME501
|   |-- UnknownParameter        ME510
|   |-- MissingParameter        ME511
|   |-- WrongParameterType      ME512
|   |-- ParameterNotAllowed     ME513
|   |-- BadDefault              ME514
|   |-- UnknownFlag             ME530
|   |-- UnknownCommand          ME531
|   |-- MissingArgument         ME532
|   |-- BadFlagValue            ME533
|   |-- RepeatedFlag            ME534
|   |-- UnexpectedArgument      ME535
|   |-- MalformedPair           ME536
|   |-- UnknownDagRun           ME537
|   |-- AmbiguousDagRun         ME538
|   |-- NothingToResume         ME539
|   |-- UnknownNode             ME540
|   |-- UnknownCode             ME541
|   |-- UnknownRun              ME542
|   |-- NoSuchAttempt           ME543
|   |-- CannotWriteFile         ME544
|   |-- UnknownSchemaPath       ME550
|   `-- AmbiguousRun            ME713
|-- LedgerError                 exit code 3
|   |-- LedgerLocked            ME701
|   |-- RunHeld                 ME702
|   |-- NewerLedger             ME703
|   |-- LedgerDamaged           ME704
|   |-- LedgerFull              ME705
|   |-- LedgerReadOnly          ME706
|   |-- ChainBroken             ME707
|   |-- BlobMissing             ME708
|   |-- ConflictingRecord       ME709
|   |-- LedgerMissing           ME710
|   |-- LedgerInUse             ME711
|   `-- LedgerUnreadable        ME712
`-- InternalError               exit code 70
    |-- UnexpectedError         ME900
    |-- IllegalTransition       ME901
    `-- InvariantBroken         ME902
```

A test holds the drawing to the classes; each class's docstring is the page of its code.
"""

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

# outcome
from .outcome import (
    AttemptException,
    AttemptFailed,
    AttemptTimeout,
    ExitStatus,
    Interrupted,
    NoResult,
    OtherFailure,
    OutputBroken,
    RequestInvalid,
    SpawnFailed,
)

# preflight
from .preflight import (
    ClashingInputs,
    MissingDirectory,
    MissingProgram,
    RecordingsMissing,
    SecretNotSet,
    SecretTooShort,
    UnknownRuntime,
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

__all__ = [
    "CODES",
    "AmbiguousDagRun",
    "AmbiguousRun",
    "BadCommand",
    "BadDuration",
    "BadFlagValue",
    "BadName",
    "BadPattern",
    "BadSpelling",
    "BlobMissing",
    "CannotWriteFile",
    "ChainBroken",
    "ConflictingRecord",
    "CyclicNeeds",
    "DirectiveInYaml",
    "DuplicateKey",
    "ExplicitKey",
    "ExpressionExpected",
    "GrammarError",
    "IllegalTransition",
    "InputError",
    "InputErrors",
    "InternalError",
    "InvariantBroken",
    "KeyNotText",
    "KeyOutOfPlace",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerInUse",
    "LedgerLocked",
    "LedgerMissing",
    "LedgerReadOnly",
    "LedgerUnreadable",
    "MalformedPair",
    "MergeKey",
    "MetaEnsembleError",
    "MissingArgument",
    "MissingKey",
    "NewerLedger",
    "NoSuchAttempt",
    "NoWork",
    "NothingToResume",
    "NumberOutOfRange",
    "RepeatedFlag",
    "RepeatedNeed",
    "RunError",
    "RunHeld",
    "SeveralDocuments",
    "SeveralWorks",
    "SourceEmpty",
    "SourceError",
    "SourceMissing",
    "SourceNotText",
    "SourceNotUtf8",
    "SourceTooLarge",
    "SourceUnreadable",
    "TabInYaml",
    "TagInYaml",
    "TooManyAliases",
    "UnexpectedArgument",
    "UnexpectedError",
    "UnknownAlias",
    "UnknownCode",
    "UnknownCommand",
    "UnknownDagRun",
    "UnknownFlag",
    "UnknownKey",
    "UnknownNode",
    "UnknownRun",
    "UnknownSchemaPath",
    "UnknownValue",
    "UnknownVersion",
    "UnquotedExpression",
    "UnreachableTask",
    "ValueOutOfRange",
    "WriteConflict",
    "WrongType",
    "YamlSyntax",
    "YamlTooDeep",
]
