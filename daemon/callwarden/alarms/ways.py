"""The ways that alarms go out by, as they are configured."""

from collections.abc import Callable, Sequence

from callwarden.alarms.hook import Hook, HookFailed
from callwarden.alarms.mail import Mail
from callwarden.alarms.outbox import Outbox, SendingFailed, Way
from callwarden.config.alarms import Alarms as Options
from callwarden.core.alarm import Notice

FIRST_RETRY = 5.0  # seconds, for a mail server that is away; doubled after every failure
HOOK_LIMIT = 100  # alarms that wait for the hook, one after the other


def ways(
    options: Options, delivered: Callable[[Sequence[Notice]], None], *, gather: float, apart: float
) -> list[Outbox]:
    """An outbox for each, not started. Mails are ``gather`` seconds' notices and ``apart`` seconds apart."""
    boxes: list[Outbox] = []
    if options.hook:
        hook = Hook(options.hook, options.hook_timeout)
        boxes.append(Outbox(hook, delivered, gather=0.0, limit=HOOK_LIMIT))
    if options.mail_to:
        boxes.append(Outbox(Mail(options), delivered, gather=gather, apart=apart, first_retry=FIRST_RETRY))
    return boxes


async def trouble(way: Way, notice: Notice) -> str:
    """Send it now; what went wrong, empty when nothing did."""
    try:
        if isinstance(way, Hook):
            await way.run(notice)
        else:
            await way.send([notice], 0)
    except (SendingFailed, HookFailed) as error:
        return str(error)
    return ""
