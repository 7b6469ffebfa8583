"""What a name of a file is called in Brian2.

Brian2 and the algebra system behind it give hundreds of names a meaning of their own (``gamma``, ``N``, ``i``, ``pi``, ``len``), and
also endings (``_pre``; ``x_`` is x without its unit) and beginnings (``xi_``). In the laboratory's networks, where nobody sees the
names, every name of a rule, of a cell and of the engine itself therefore begins and ends with what says whose it is, so that none has
another meaning and no two meet. In a `Synapses` object of the user's own, names stay as they are declared, apart from those that
Brian2 would not take.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable

from spikeheb.units import is_unit

Naming = Callable[[str], str]

_OWNED = re.compile(r"rule_(.+)_r\d*")
_NOISE = re.compile(r"(of_)*xi_")
_OPEN_END = re.compile(r"_u*$")
_OWN_ENDS = ("_pre", "_post", "_of_rule", "_of_cell", "_steps_ago")


def owned(name: str, number: int | None = None) -> str:
    """The name that a rule's variable or constant has in the laboratory's networks; `number`: of the projection, where several are."""
    return f"rule_{name}_r{'' if number is None else number}"


def users(name: str) -> str:
    """The name that the rule's file has for it."""
    own = _OWNED.fullmatch(name)
    return own[1] if own else name


def of_cell(name: str) -> str:
    """The name of something of the cell's file there; v stays."""
    return name if name == "v" else f"cell_{name}_c"


def own(name: str) -> str:
    """A name of the engine itself."""
    return f"engine_{name}"


def unit_of(state: str) -> str:
    """What a unit of release adds to an exponential of the receptor."""
    return own(f"unit_{state}")


def as_declared(name: str) -> str:
    """A name of the rule as its file has it, where Brian2 takes it; else with ``_of_rule`` behind it."""
    special = name.endswith((*_OWN_ENDS, "_")) or name.startswith(("xi_", "of_xi_", "local_"))
    return f"{_plain(name)}_of_rule" if special or name in TAKEN or (len(name) > 1 and is_unit(name)) else name


def _plain(name: str) -> str:
    """The name with ends to which Brian2 gives no meaning: ``xi_`` in front is noise, and no underscore may follow another."""
    name = f"of_{name}" if _NOISE.match(name) else name
    return f"{name}u" if _OPEN_END.search(name) else name


_WORDS = (
    "t dt i j N pi e E I S Q O C inf nan oo zoo lastupdate lastspike not_refractory t_in_timesteps i_pre i_post N_pre N_post N_incoming "
    "N_outgoing sin cos tan sinh cosh tanh arcsin arccos arctan asin acos atan atan2 floor ceil ceiling sign sinc timestep log10 log1p "
    "expm1 exprel diff poisson binomial rate period value driven_by gamma zeta beta lamda erf erfc erfi lambert gammainc factorial "
    "Gamma Symbol Function Integer Float Rational root test re im arg conjugate "
    "source target source_offset target_offset pre post delay delay_ name clock when order dt_ t_ variables equations namespace events "
    "event_codes state state_updater subexpression_updater summed_updaters connect connections register_variable_names "
    "run_regularly run_on_event get_states set_states add_attribute active codes contained_objects invalidates_magic_network "
    "method_choice method_options multisynaptic_index pathways queues start stop start_scope before_run after_run user_equations "
    "threads group id calc_indices check_variable_write resolve resolve_all template custom_operation updates code abstract_code "
    "updaters add_dependency add_to_magic_network assign_id clock_driven code_objects dim event method obj objects owner refractory "
    "register_variable resetter run runner scheduler spikes stochastic thresholder unregister_variable vals verify_dependencies"
)
TAKEN = frozenset(_WORDS.split()) | frozenset(dir(builtins))
"""Names that Brian2, its algebra system, Python, or the attributes of a Synapses object take."""
