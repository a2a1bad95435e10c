"""Random scenarios: small programs that write, change, remove and link files, lists of files, and faults.

Not drawn is the eviction-driven mode, in which it matters at which second a file was written.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scenarios import Scenario

FILES = ("a", "b", "dir/a", "dir/b", "dir/sub/c")
LISTED = ("a", "b", "dir", "dir/", "dir/a", "dir/sub", "dir/sub/", "dir/sub/c", ".", "nothing")
SURE, ANY = LISTED[:-2], LISTED
INPUTS = {
    "a": {"a": "input a"},
    "dir": {"dir/a": "input dir/a"},
    "in/": {"in/b": "input b", "in/dir/b": "input dir/b"},
}
STEPS = 3

OPERATIONS = st.one_of(
    st.sampled_from(FILES).map(lambda path: f"echo written in $n > {path}"),
    st.sampled_from(FILES).map(lambda path: f"echo more in $n >> {path}"),
    st.sampled_from(FILES + ("dir", "dir/sub")).map(lambda path: f"rm -rf {path}"),
    st.sampled_from(("dir", "dir/sub")).map(lambda path: f"mkdir -p {path}"),
    st.sampled_from(("a", "b", "dir/b")).map(lambda path: f"ln -sf n {path}"),
    st.sampled_from(("a", "dir/a")).map(lambda path: f"chmod 755 {path}"),
)


@st.composite
def scenarios(draw) -> Scenario:
    """A scenario without a name."""
    steps = [draw(st.lists(OPERATIONS, min_size=1, max_size=4)) for _ in range(STEPS)]
    inputs = draw(st.lists(st.sampled_from(sorted(INPUTS)), unique=True, max_size=2))
    listed = draw(st.none() | st.lists(st.sampled_from(SURE), max_size=3) | st.lists(st.sampled_from(ANY), max_size=2))
    output = draw(
        st.sampled_from(
            (
                "",
                'transfer_output_files = ""',
                "transfer_output_files = n",
                "transfer_output_files = n, dir, a",
                "transfer_output_files = dir/, dir/sub",
            )
        )
    )
    kinds = draw(st.dictionaries(st.integers(1, 5), st.sampled_from(("evict", "vacate", "hold")), max_size=3))
    submit = ["checkpoint_exit_code = 85", output]
    if inputs:
        submit.append(f"transfer_input_files = {', '.join(inputs)}")
    if listed is not None:
        submit.append(f"transfer_checkpoint_files = {', '.join(['n', *listed])}")
    if draw(st.booleans()):
        submit.append("preserve_relative_paths = True")
    if draw(st.booleans()):
        submit.append("error = out")
    lines = ["echo step $n; mkdir -p dir"]
    for number, operations in enumerate(steps, 1):
        quiet = [f"    {{ {operation}; }} 2>/dev/null" for operation in operations]
        lines += [f"if [ $n = {number} ]; then", *quiet, "fi"]
    lines += ["pause", f"[ $n = {STEPS} ] && echo $n > n && exit 0", "checkpoint"]
    return Scenario(
        "drawn",
        "",
        "",
        "",
        submit="\n".join(line for line in submit if line),
        program="\n".join(lines),
        files={path: text for name in inputs for path, text in INPUTS[name].items()},
        faults=" ".join(f"{kinds[number]}@{number}" for number in sorted(kinds)),
    )


def draw(number: int, again: bool = True) -> list[Scenario]:
    """So many of them; the same ones each time, or always others."""
    found: list[Scenario] = []

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=again,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios())
    def collect(scenario):
        if scenario not in found:
            found.append(scenario)

    collect()
    return [Scenario(**{**vars(one), "name": f"drawn-{index}"}) for index, one in enumerate(found, 1)]
