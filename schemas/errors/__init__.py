"""The error tree, by whose fault it is. Standard library only.

```
MetaEnsembleError
|-- RunError                                    exit code 1
|   |-- AttemptFailed                           exit code 1
|   |   |-- ExitStatus                          ME601
|   |   |-- AttemptTimeout                      ME602
|   |   |-- OutputBroken                        ME603
|   |   |-- SpawnFailed                         ME604
|   |   |-- AttemptException                    ME605
|   |   |-- NoResult                            ME606
|   |   |-- RequestInvalid                      ME607
|   |   |-- OtherFailure                        ME608
|   |   |-- RateLimited                         ME610
|   |   |-- WindowSpent                         ME611
|   |   |-- SpendLimit                          ME612
|   |   |-- BadCredentials                      ME613
|   |   |-- ModelRefused                        ME614
|   |   |-- AnswerTruncated                     ME615
|   |   |-- Quarantined                         ME616
|   |   |-- ManifestInvalid                     ME617
|   |   `-- WorkNotGood                         ME618
|   |-- Interrupted                             ME609
|   `-- Rejected                                ME620
|-- InputError                                  exit code 2
|   |-- ContractError                           exit code 2
|   |   |-- Unfilled                            ME380
|   |   |-- PointerMissing                      ME381
|   |   |-- PointerNotAFile                     ME382
|   |   |-- PointerPastEnd                      ME383
|   |   |-- PointerOutside                      ME384
|   |   |-- BriefNotJson                        ME385
|   |   |-- ContractBroken                      ME386
|   |   `-- TwinStale                           ME387
|   |-- ExpressionError                         exit code 2
|   |   |-- ShellTextError                      exit code 2
|   |   |   |-- ExpressionInSingleQuotes        ME421
|   |   |   |-- ExpressionInBackticks           ME422
|   |   |   |-- ExpressionInComment             ME423
|   |   |   |-- ExpressionInQuotedHereDocument  ME424
|   |   |   |-- ExpressionAfterEscape           ME425
|   |   |   |-- OpenShellText                   ME426
|   |   |   |-- ExpressionInEvaluatedText       ME427
|   |   |   `-- ExpressionInCode                ME428
|   |   |-- UnterminatedExpression              ME401
|   |   |-- ExpressionSyntax                    ME402
|   |   |-- UnknownName                         ME403
|   |   |-- UnknownFunction                     ME404
|   |   |-- HyphenatedReference                 ME405
|   |   |-- UndeclaredKey                       ME406
|   |   |-- UnknownTaskReference                ME407
|   |   |-- ImpossibleReference                 ME408
|   |   |-- MisplacedReference                  ME409
|   |   |-- SecretInExpression                  ME410
|   |   |-- EvaluationFailed                    ME411
|   |   |-- ExpressionTooLarge                  ME412
|   |   |-- ExpressionNotAllowed                ME413
|   |   `-- WrongExpressionValue                ME414
|   |-- GrammarError                            exit code 2
|   |   |-- UnknownKey                          ME201
|   |   |-- WrongType                           ME202
|   |   |-- MissingKey                          ME203
|   |   |-- UnknownValue                        ME204
|   |   |-- ValueOutOfRange                     ME205
|   |   |-- BadDuration                         ME206
|   |   |-- NoWork                              ME207
|   |   |-- SeveralWorks                        ME208
|   |   |-- BadName                             ME209
|   |   |-- ExpressionExpected                  ME210
|   |   |-- KeyOutOfPlace                       ME211
|   |   |-- UnknownVersion                      ME212
|   |   |-- BadCommand                          ME213
|   |   |-- RepeatedNeed                        ME214
|   |   |-- BadPattern                          ME215
|   |   `-- BadSpelling                         ME216
|   |-- InputErrors                             exit code 2
|   |-- QualityError                            exit code 2
|   |   |-- NothingToLookAt                     ME390
|   |   |-- UnknownAxis                         ME391
|   |   |-- QualityFileUnusable                 ME392
|   |   |-- ContradictoryLimits                 ME393
|   |   `-- FileOutsideProject                  ME394
|   |-- SourceError                             exit code 2
|   |   |-- SourceMissing                       ME101
|   |   |-- SourceUnreadable                    ME102
|   |   |-- SourceTooLarge                      ME103
|   |   |-- SourceNotText                       ME104
|   |   |-- SourceNotUtf8                       ME105
|   |   |-- SourceEmpty                         ME106
|   |   |-- YamlSyntax                          ME110
|   |   |-- DuplicateKey                        ME111
|   |   |-- TabInYaml                           ME112
|   |   |-- UnquotedExpression                  ME113
|   |   |-- MergeKey                            ME114
|   |   |-- TagInYaml                           ME115
|   |   |-- SeveralDocuments                    ME116
|   |   |-- YamlTooDeep                         ME117
|   |   |-- TooManyAliases                      ME118
|   |   |-- UnknownAlias                        ME119
|   |   |-- KeyNotText                          ME120
|   |   |-- NumberOutOfRange                    ME121
|   |   |-- DirectiveInYaml                     ME122
|   |   `-- ExplicitKey                         ME123
|   |-- CyclicNeeds                             ME301
|   |-- SelfNeed                                ME302
|   |-- UnknownNeed                             ME303
|   |-- WriteConflict                           ME304
|   |-- UnreachableTask                         ME305
|   |-- CountWithoutItems                       ME306
|   |-- PathOutsideProject                      ME307
|   |-- SchemaFileUnusable                      ME308
|   |-- InvalidSchema                           ME309
|   |-- UnknownPool                             ME310
|   |-- EachNotAList                            ME320
|   |-- EmptyMatrix                             ME321
|   |-- SubGraphCycle                           ME322
|   |-- SubGraphUnusable                        ME323
|   |-- RewindNotBefore                         ME324
|   |-- ItemsCollide                            ME325
|   |-- BadMostItems                            ME326
|   |-- UnknownPattern                          ME330
|   |-- UnknownSetting                          ME331
|   |-- MissingSetting                          ME332
|   |-- BadSetting                              ME333
|   |-- TooFewMembers                           ME334
|   |-- NothingDiffers                          ME335
|   |-- SelfReview                              ME336
|   |-- NoVoteField                             ME337
|   |-- SharesTooLarge                          ME338
|   |-- NoOutsideCheck                          ME339
|   |-- RelatedJudge                            ME340
|   |-- EndlessTemplate                         ME341
|   |-- PatternTooLarge                         ME342
|   |-- NothingToDo                             ME343
|   |-- InputTaken                              ME344
|   |-- EffectsRepeated                         ME345
|   |-- SharedFile                              ME346
|   |-- TemplateUnusable                        ME347
|   |-- BuiltInShadowed                         ME348
|   |-- PatternBroken                           ME349
|   |-- ReviewDemanded                          ME350
|   |-- UnknownRole                             ME360
|   |-- InactiveRole                            ME361
|   |-- NoFrontmatter                           ME362
|   |-- RoleLinkedOut                           ME363
|   |-- RoleMisnamed                            ME364
|   |-- RoleTwice                               ME365
|   |-- RoleUnfinished                          ME366
|   |-- RoleVersionFell                         ME367
|   |-- RoleVersionKept                         ME368
|   |-- RoleExists                              ME369
|   |-- RuntimeOfAnotherKind                    ME371
|   |-- TierWithoutModel                        ME375
|   |-- CapNotKept                              ME376
|   |-- ExecutorUnusable                        ME396
|   |-- KeyNotBuilt                             ME501
|   |-- UnknownParameter                        ME510
|   |-- MissingParameter                        ME511
|   |-- WrongParameterType                      ME512
|   |-- ParameterNotAllowed                     ME513
|   |-- BadDefault                              ME514
|   |-- BadSelector                             ME515
|   |-- UnknownSelection                        ME516
|   |-- NothingSelected                         ME517
|   |-- OutputNotSelected                       ME518
|   |-- UnknownRuntime                          ME520
|   |-- MissingProgram                          ME521
|   |-- MissingDirectory                        ME522
|   |-- SecretNotSet                            ME523
|   |-- SecretTooShort                          ME524
|   |-- ClashingInputs                          ME525
|   |-- RecordingsMissing                       ME526
|   |-- UnknownFlag                             ME530
|   |-- UnknownCommand                          ME531
|   |-- MissingArgument                         ME532
|   |-- BadFlagValue                            ME533
|   |-- RepeatedFlag                            ME534
|   |-- UnexpectedArgument                      ME535
|   |-- MalformedPair                           ME536
|   |-- UnknownDagRun                           ME537
|   |-- AmbiguousDagRun                         ME538
|   |-- NothingToResume                         ME539
|   |-- UnknownNode                             ME540
|   |-- UnknownCode                             ME541
|   |-- UnknownRun                              ME542
|   |-- NoSuchAttempt                           ME543
|   |-- CannotWriteFile                         ME544
|   |-- WorkingDirectoryGone                    ME545
|   |-- DirectoryClosed                         ME546
|   |-- CannotWriteOutput                       ME547
|   |-- NoDrawingProgram                        ME548
|   |-- UnknownSchemaPath                       ME550
|   |-- ModuleMissing                           ME560
|   |-- ImportFailed                            ME561
|   |-- FunctionMissing                         ME562
|   |-- UnusableCallable                        ME563
|   |-- UnfitInputs                             ME564
|   |-- NeedsProcess                            ME565
|   |-- WrongRuntime                            ME566
|   |-- NotWaiting                              ME570
|   |-- AlreadyAnswered                         ME571
|   |-- NobodyAsks                              ME572
|   |-- AnswerInvalid                           ME573
|   |-- WrongAnswerKind                         ME574
|   |-- NotOneAnswer                            ME575
|   |-- ClientMissing                           ME580
|   |-- ClientTooOld                            ME581
|   |-- NoClient                                ME582
|   |-- PricesUnavailable                       ME586
|   |-- PriceTableBroken                        ME587
|   |-- NoRepository                            ME590
|   |-- DirtyBase                               ME591
|   |-- UnknownWork                             ME592
|   |-- WorkDoesNotFit                          ME593
|   `-- AmbiguousRun                            ME713
|-- LedgerError                                 exit code 3
|   |-- LedgerLocked                            ME701
|   |-- RunHeld                                 ME702
|   |-- NewerLedger                             ME703
|   |-- LedgerDamaged                           ME704
|   |-- LedgerFull                              ME705
|   |-- LedgerReadOnly                          ME706
|   |-- ChainBroken                             ME707
|   |-- BlobMissing                             ME708
|   |-- ConflictingRecord                       ME709
|   |-- LedgerMissing                           ME710
|   |-- LedgerInUse                             ME711
|   `-- LedgerUnreadable                        ME712
`-- InternalError                               exit code 70
    |-- UnexpectedError                         ME900
    |-- IllegalTransition                       ME901
    `-- InvariantBroken                         ME902
```

A test holds the drawing to the classes; each class's docstring is the page of its code.
"""

from __future__ import annotations

# agent_outcome
from .agent_outcome import (
    AnswerTruncated,
    BadCredentials,
    ManifestInvalid,
    ModelRefused,
    Quarantined,
    RateLimited,
    SpendLimit,
    WindowSpent,
    WorkNotGood,
)

# agents
from .agents import CapNotKept, RuntimeOfAnotherKind, TierWithoutModel

# base
from .base import CODES, InputError, InputErrors, InternalError, LedgerError, MetaEnsembleError, RunError

# callable
from .callable import (
    FunctionMissing,
    ImportFailed,
    ModuleMissing,
    NeedsProcess,
    UnfitInputs,
    UnusableCallable,
    WrongRuntime,
)

# clients
from .clients import ClientMissing, ClientTooOld, NoClient

# command_line
from .command_line import (
    BadFlagValue,
    CannotWriteFile,
    CannotWriteOutput,
    DirectoryClosed,
    MalformedPair,
    MissingArgument,
    NoDrawingProgram,
    RepeatedFlag,
    UnexpectedArgument,
    UnknownCode,
    UnknownCommand,
    UnknownFlag,
    WorkingDirectoryGone,
)

# contracts
from .contracts import (
    BriefNotJson,
    ContractBroken,
    ContractError,
    PointerMissing,
    PointerNotAFile,
    PointerOutside,
    PointerPastEnd,
    TwinStale,
    Unfilled,
)

# executors
from .executors import ExecutorUnusable

# expression
from .expression import (
    EvaluationFailed,
    ExpressionError,
    ExpressionNotAllowed,
    ExpressionSyntax,
    ExpressionTooLarge,
    HyphenatedReference,
    ImpossibleReference,
    MisplacedReference,
    SecretInExpression,
    UndeclaredKey,
    UnknownFunction,
    UnknownName,
    UnknownTaskReference,
    UnterminatedExpression,
    WrongExpressionValue,
)

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

# graph
from .graph import (
    CountWithoutItems,
    InvalidSchema,
    PathOutsideProject,
    SchemaFileUnusable,
    SelfNeed,
    UnknownNeed,
    UnknownPool,
)

# internal
from .internal import IllegalTransition, InvariantBroken, UnexpectedError

# invocation
from .invocation import (
    BadDefault,
    KeyNotBuilt,
    MissingParameter,
    ParameterNotAllowed,
    UnknownParameter,
    WrongParameterType,
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

# not_found
from .many_nodes import (
    BadMostItems,
    EachNotAList,
    EmptyMatrix,
    ItemsCollide,
    RewindNotBefore,
    SubGraphCycle,
    SubGraphUnusable,
)
from .not_found import (
    AmbiguousDagRun,
    NoSuchAttempt,
    NothingToResume,
    UnknownDagRun,
    UnknownNode,
    UnknownRun,
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
    Rejected,
    RequestInvalid,
    SpawnFailed,
)

# patterns
from .patterns import (
    BadSetting,
    BuiltInShadowed,
    EffectsRepeated,
    EndlessTemplate,
    InputTaken,
    MissingSetting,
    NoOutsideCheck,
    NothingDiffers,
    NothingToDo,
    NoVoteField,
    PatternBroken,
    PatternTooLarge,
    RelatedJudge,
    ReviewDemanded,
    SelfReview,
    SharedFile,
    SharesTooLarge,
    TemplateUnusable,
    TooFewMembers,
    UnknownPattern,
    UnknownSetting,
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

# prices
from .prices import PricesUnavailable, PriceTableBroken

# quality
from .quality import (
    ContradictoryLimits,
    FileOutsideProject,
    NothingToLookAt,
    QualityError,
    QualityFileUnusable,
    UnknownAxis,
)

# questions
from .questions import AlreadyAnswered, AnswerInvalid, NobodyAsks, NotOneAnswer, NotWaiting, WrongAnswerKind

# roles
from .roles import (
    InactiveRole,
    NoFrontmatter,
    RoleExists,
    RoleLinkedOut,
    RoleMisnamed,
    RoleTwice,
    RoleUnfinished,
    RoleVersionFell,
    RoleVersionKept,
    UnknownRole,
)

# schema_path
from .schema_path import UnknownSchemaPath

# shell_text
from .selection import BadSelector, NothingSelected, OutputNotSelected, UnknownSelection
from .shell_text import (
    ExpressionAfterEscape,
    ExpressionInBackticks,
    ExpressionInCode,
    ExpressionInComment,
    ExpressionInEvaluatedText,
    ExpressionInQuotedHereDocument,
    ExpressionInSingleQuotes,
    OpenShellText,
    ShellTextError,
)

# source
from .source import (
    SourceEmpty,
    SourceError,
    SourceMissing,
    SourceNotText,
    SourceNotUtf8,
    SourceTooLarge,
    SourceUnreadable,
    TooManyAliases,
    YamlTooDeep,
)

# structure
from .structure import CyclicNeeds, UnreachableTask, WriteConflict

# worktrees
from .worktrees import DirtyBase, NoRepository, UnknownWork, WorkDoesNotFit

# yaml_text
from .yaml_text import (
    DirectiveInYaml,
    DuplicateKey,
    ExplicitKey,
    KeyNotText,
    MergeKey,
    NumberOutOfRange,
    SeveralDocuments,
    TabInYaml,
    TagInYaml,
    UnknownAlias,
    UnquotedExpression,
    YamlSyntax,
)

__all__ = [
    "CODES",
    "AlreadyAnswered",
    "AmbiguousDagRun",
    "AmbiguousRun",
    "AnswerInvalid",
    "AnswerTruncated",
    "AttemptException",
    "AttemptFailed",
    "AttemptTimeout",
    "BadCommand",
    "BadCredentials",
    "BadDefault",
    "BadDuration",
    "BadFlagValue",
    "BadMostItems",
    "BadName",
    "BadPattern",
    "BadSelector",
    "BadSetting",
    "BadSpelling",
    "BlobMissing",
    "BriefNotJson",
    "BuiltInShadowed",
    "CannotWriteFile",
    "CannotWriteOutput",
    "CapNotKept",
    "ChainBroken",
    "ClashingInputs",
    "ClientMissing",
    "ClientTooOld",
    "ConflictingRecord",
    "ContractBroken",
    "ContractError",
    "ContradictoryLimits",
    "CountWithoutItems",
    "CyclicNeeds",
    "DirectiveInYaml",
    "DirectoryClosed",
    "DirtyBase",
    "DuplicateKey",
    "EachNotAList",
    "EffectsRepeated",
    "EmptyMatrix",
    "EndlessTemplate",
    "EvaluationFailed",
    "ExecutorUnusable",
    "ExitStatus",
    "ExplicitKey",
    "ExpressionAfterEscape",
    "ExpressionError",
    "ExpressionExpected",
    "ExpressionInBackticks",
    "ExpressionInCode",
    "ExpressionInComment",
    "ExpressionInEvaluatedText",
    "ExpressionInQuotedHereDocument",
    "ExpressionInSingleQuotes",
    "ExpressionNotAllowed",
    "ExpressionSyntax",
    "ExpressionTooLarge",
    "FileOutsideProject",
    "FunctionMissing",
    "GrammarError",
    "HyphenatedReference",
    "IllegalTransition",
    "ImportFailed",
    "ImpossibleReference",
    "InactiveRole",
    "InputError",
    "InputErrors",
    "InputTaken",
    "InternalError",
    "Interrupted",
    "InvalidSchema",
    "InvariantBroken",
    "ItemsCollide",
    "KeyNotBuilt",
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
    "ManifestInvalid",
    "MergeKey",
    "MetaEnsembleError",
    "MisplacedReference",
    "MissingArgument",
    "MissingDirectory",
    "MissingKey",
    "MissingParameter",
    "MissingProgram",
    "MissingSetting",
    "ModelRefused",
    "ModuleMissing",
    "NeedsProcess",
    "NewerLedger",
    "NoClient",
    "NoDrawingProgram",
    "NoFrontmatter",
    "NoOutsideCheck",
    "NoRepository",
    "NoResult",
    "NoSuchAttempt",
    "NoVoteField",
    "NoWork",
    "NobodyAsks",
    "NotOneAnswer",
    "NotWaiting",
    "NothingDiffers",
    "NothingSelected",
    "NothingToDo",
    "NothingToLookAt",
    "NothingToResume",
    "NumberOutOfRange",
    "OpenShellText",
    "OtherFailure",
    "OutputBroken",
    "OutputNotSelected",
    "ParameterNotAllowed",
    "PathOutsideProject",
    "PatternBroken",
    "PatternTooLarge",
    "PointerMissing",
    "PointerNotAFile",
    "PointerOutside",
    "PointerPastEnd",
    "PriceTableBroken",
    "PricesUnavailable",
    "QualityError",
    "QualityFileUnusable",
    "Quarantined",
    "RateLimited",
    "RecordingsMissing",
    "Rejected",
    "RelatedJudge",
    "RepeatedFlag",
    "RepeatedNeed",
    "RequestInvalid",
    "ReviewDemanded",
    "RewindNotBefore",
    "RoleExists",
    "RoleLinkedOut",
    "RoleMisnamed",
    "RoleTwice",
    "RoleUnfinished",
    "RoleVersionFell",
    "RoleVersionKept",
    "RunError",
    "RunHeld",
    "RuntimeOfAnotherKind",
    "SchemaFileUnusable",
    "SecretInExpression",
    "SecretNotSet",
    "SecretTooShort",
    "SelfNeed",
    "SelfReview",
    "SeveralDocuments",
    "SeveralWorks",
    "SharedFile",
    "SharesTooLarge",
    "ShellTextError",
    "SourceEmpty",
    "SourceError",
    "SourceMissing",
    "SourceNotText",
    "SourceNotUtf8",
    "SourceTooLarge",
    "SourceUnreadable",
    "SpawnFailed",
    "SpendLimit",
    "SubGraphCycle",
    "SubGraphUnusable",
    "TabInYaml",
    "TagInYaml",
    "TemplateUnusable",
    "TierWithoutModel",
    "TooFewMembers",
    "TooManyAliases",
    "TwinStale",
    "UndeclaredKey",
    "UnexpectedArgument",
    "UnexpectedError",
    "Unfilled",
    "UnfitInputs",
    "UnknownAlias",
    "UnknownAxis",
    "UnknownCode",
    "UnknownCommand",
    "UnknownDagRun",
    "UnknownFlag",
    "UnknownFunction",
    "UnknownKey",
    "UnknownName",
    "UnknownNeed",
    "UnknownNode",
    "UnknownParameter",
    "UnknownPattern",
    "UnknownPool",
    "UnknownRole",
    "UnknownRun",
    "UnknownRuntime",
    "UnknownSchemaPath",
    "UnknownSelection",
    "UnknownSetting",
    "UnknownTaskReference",
    "UnknownValue",
    "UnknownVersion",
    "UnknownWork",
    "UnquotedExpression",
    "UnreachableTask",
    "UnterminatedExpression",
    "UnusableCallable",
    "ValueOutOfRange",
    "WindowSpent",
    "WorkDoesNotFit",
    "WorkNotGood",
    "WorkingDirectoryGone",
    "WriteConflict",
    "WrongAnswerKind",
    "WrongExpressionValue",
    "WrongParameterType",
    "WrongRuntime",
    "WrongType",
    "YamlSyntax",
    "YamlTooDeep",
]
