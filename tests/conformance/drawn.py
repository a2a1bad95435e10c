"""Random scenarios: small programs that write, change, remove, touch and link files, also with blanks in their names,
and change modes; lists of files, remaps, retries, and faults.

The eviction-driven mode is not drawn, as its outcome depends on the second in which a file was written; nor are
processes that are left behind, as a pool may wait for them longer than a test does.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from scenarios import Scenario

FILES = ("a", "b", "'b c'", "dir/a", "dir/b", "dir/sub/c", "'dir/c d'")
LISTED = ("a", "b", "link", "dir", "dir/", "dir/a", "dir/sub", "dir/sub/", "dir/sub/c", "to/a", "to/", ".", "nothing")
SURE, ANY = LISTED[:-2], LISTED
INPUTS = {
    "a": {"a": "input a"},
    "b c": {"b c": "input b c"},
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
    st.tuples(
        st.sampled_from(("a", "dir", "dir/a", "nothing")), st.sampled_from(("link", "dir/link", "dir/sub/link"))
    ).map(lambda link: f'ln -sfn "$PWD/{link[0]}" {link[1]}'),
    st.sampled_from(("dir", "dir/sub")).map(lambda path: f"ln -sfn {path} to"),
    st.sampled_from(("a dir/b", "dir/a b", "'b c' 'dir/c d'")).map(lambda paths: f"ln -f {paths}"),
    st.sampled_from(("a", "'b c'", "nothing")).map(lambda path: f"ln -sfn {path} 'l k'"),
    st.sampled_from(("a", "'b c'", "dir/a")).map(lambda path: f"touch -c -d 2001-01-01 {path}"),
    st.sampled_from(("a", "'b c'", "dir/b")).map(lambda path: f"(echo a child in $n > {path}) & wait"),
    st.tuples(
        st.sampled_from(("755", "444", "200", "0")),
        st.sampled_from(("a", "dir/a", "'b c'", "link", "dir/link", "'l k'", "_condor_stdout", "_condor_stderr")),
    ).map(lambda change: f"chmod {change[0]} {change[1]}"),
    st.sampled_from(("a", "b", "'b c'")).map(lambda path: f"sleep 1.1; touch -c {path}"),
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
                "transfer_output_files = n, b c, link",
                'transfer_output_files = n, dir\ntransfer_output_remaps = "n = dir2/n; dir = dir3"',
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
    end = draw(st.sampled_from((0, 0, 3)))
    submit += draw(st.sampled_from(([], [], ["success_exit_code = 0", "max_retries = 1"], ["max_retries = 1"])))
    lines = ["echo step $n; mkdir -p dir"]
    for number, operations in enumerate(steps, 1):
        quiet = [f"    {{ {operation}; }} 2>/dev/null" for operation in operations]
        lines += [f"if [ $n = {number} ]; then", *quiet, "fi"]
    # A job whose counter can't be read or written, as by chmod on a link to it, would never end.
    lines += ["[ ! -e n ] || chmod u+rw n", "pause", f"[ $n = {STEPS} ] && echo $n > n && exit {end}", "checkpoint"]
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


def draw(number: int, chosen: int) -> list[Scenario]:
    """Up to `number` scenarios, always the same for the seed `chosen`."""
    drawn: list[Scenario] = []

    @seed(chosen)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios())
    def collect(scenario):
        if scenario not in drawn:
            drawn.append(scenario)

    collect()
    return [Scenario(**{**vars(one), "name": f"drawn-{chosen}-{index}"}) for index, one in enumerate(drawn, 1)]
