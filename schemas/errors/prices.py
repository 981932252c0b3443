"""ME586 and ME587: prices of models that cannot be had, or not be read."""

from __future__ import annotations

from .base import InputError


class PricesUnavailable(InputError):
    r"""The prices of models cannot be taken anew: what knows them is not installed, or did not answer.

    `me prices refresh` takes prices from the Python package `genai-prices`, which the extra `prices` brings.
    As it is installed, it knows the prices of the day on which it was released. With `--fetch` it is asked to
    get newer ones from where it gets them, for which the network must be there. The table that was used
    before stays in use.

    Example:

    ```sh
    export https_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9  # it leads nowhere
    HOME="$PWD/home" me prices refresh --fetch
    ```

    Use instead:

    ```sh
    me prices show
    ```
    """

    code = "ME586"


class PriceTableBroken(InputError):
    r"""The table of prices of models, the user's own, is not as it was written.

    What a use of a model costs is reckoned by `~/.metaensemble/prices.json`, which `me prices refresh`
    writes, or where that is not there, by the table that comes with the program. A table holds the hash of
    what it says. One that was changed by hand, or came from a newer version of this program, is refused
    before anything is spent: a Run keeps the date and the hash of the table that its cost was reckoned by.

    Example:

    ```sh
    export HOME="$PWD/home" && mkdir -p ~/.metaensemble && echo '{}' > ~/.metaensemble/prices.json
    me prices show
    ```

    Use instead:

    ```sh
    export HOME="$PWD/home" && rm -f ~/.metaensemble/prices.json
    me prices show
    ```
    """

    code = "ME587"
