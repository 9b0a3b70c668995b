"""Short beginnings of calls on a stage, for tests that look at one moment of them."""

from collections.abc import Iterator

from callwarden.core import actions as do
from callwarden.core import events as ev
from stage import Stage, settings, short


class Scene(Stage):
    """A stage with verbs: times come by themselves, a millisecond apart."""

    def __init__(self, obedient: bool = True, **dotted: object) -> None:
        super().__init__(settings(**dotted), obedient)
        self.steps = 0

    def _soon(self) -> float:
        return self.now + 0.001

    def channel(self, name: str, call: str = "", exten: str = "", context: str = "") -> list[str]:
        own = short(name)
        return self.happen(
            ev.ChannelCreated(
                at=self._soon(), unique_id=own, linked_id=call or own, name=name, exten=exten, context=context
            )
        )

    def up(self, *who: str) -> None:
        for one in who:
            self.happen(ev.ChannelAnswered(self._soon(), one))

    def together(self, bridge: str, *who: str, holding: bool = False) -> list[str]:
        return [order for one in who for order in self.happen(ev.BridgeEntered(self._soon(), bridge, one, holding))]

    def confer(self, bridge: str, *who: str) -> list[str]:
        moves = (ev.BridgeEntered(self._soon(), bridge, one, conference=True) for one in who)
        return [order for move in moves for order in self.happen(move)]

    def alone(self, bridge: str, *who: str) -> list[str]:
        return [order for one in who for order in self.happen(ev.BridgeLeft(self._soon(), bridge, one))]

    def dials(self, caller: str, destination: str, string: str = "", context: str = "") -> list[str]:
        return self.happen(ev.DialBegun(self._soon(), caller, destination, string, context))

    def gone(self, *who: str) -> list[str]:
        return [order for one in who for order in self.happen(ev.ChannelHungUp(self._soon(), one))]

    def asks(self, step: ev.Step, who: str) -> list[str]:
        self.steps += 1
        return self.happen(ev.StepAsked(at=self._soon(), step_id=self.steps, step=step, unique_id=who))

    def after(self, seconds: float) -> list[str]:
        """What is ordered while this time passes."""
        mark = len(self.orders)
        self.advance(self.now + seconds)
        return self.orders[mark:]

    def talking(self, caller: str = "PJSIP/trunk-1", phone: str = "PJSIP/202-1") -> None:
        """A caller, announced to, talks with a phone; both are recorded."""
        one, other = short(caller), short(phone)
        self.channel(caller, exten="02079460001")
        self.asks(ev.Step.INBOUND, one)
        self.channel(phone, call=one)
        self.dials(one, other)
        self.up(one, other)
        self.together(f"with-{one}", one, other)
        self.after(1.0)

    def at_card_line(self, who: str = "trunk-1", card: str = "PJSIP/700-1") -> None:
        """Somebody was let through and talks with the card line."""
        self.asks(ev.Step.CARD_GATE, who)
        self.after(0.1)
        self.channel(card, call=self.book.calls.legs[who].linked_id)
        self.dials(who, short(card), "700", "callwarden-card-line")
        self.up(short(card))
        self.together(f"card-{who}", short(card), who)

    def recorded(self, who: str) -> bool:
        """Whether a recorder runs on this channel, as Asterisk has it."""
        return bool(self.asterisk.channels[who].monitors)

    def given(self, kind: type[do.Action]) -> Iterator[do.Action]:
        return (action for action in self.actions if isinstance(action, kind))
