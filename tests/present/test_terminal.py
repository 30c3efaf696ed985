"""The answer beside data of another format: at most one screen."""

from azext_acrpulldiag.present.table import table_of
from azext_acrpulldiag.present.terminal import SCREEN, Style, block_of, blocks_of

from .reports import finding, leads_to, remedy, report, unknown


def texts(lines):
    return [line.text for line in lines]


def test_a_cause_with_its_first_repair_its_right_and_its_page():
    options = [remedy("az a"), remedy("az b", option=2), remedy("az c", option=3)]
    lines = block_of(report(finding("access.pull-role-missing", remedies=options)), 100)
    said = texts(lines)
    assert said[0] == "BROKEN  prod cannot pull from contosoreg.azurecr.io: 1 cause."
    assert "fix     az a" in [" ".join(each.split(maxsplit=1)).replace(" ", "     ", 1) for each in said]
    assert not any("az b" in each for each in said)
    assert any("It needs A/b/write." in each for each in said)
    page = "az aks list-pull-checks --outcome access.pull-role-missing"
    assert any(f"2 more options with -o table; {page}" in each for each in said)
    assert (lines[0].style, lines[-1].style) == (Style.ERROR, Style.SECONDARY)


def test_what_the_first_repair_leads_to_is_told_where_it_is_known():
    for told, expected in (({"leadsTo": leads_to("healthy")}, True), ({"notTold": "Nobody knows."}, False)):
        said = texts(block_of(report(finding("a.b", remedies=[remedy("az a", **told)])), 100))
        assert any(each.startswith("after") for each in said) is expected


def test_one_cause_never_takes_more_than_a_screen():
    steps = [remedy(f"az {'word ' * 60}{number}", step=number) for number in range(1, 9)]
    lines = block_of(report(finding("a.b", summary="word " * 400, remedies=steps)), 80)
    assert len(lines) == SCREEN
    assert lines[-1].text.strip() == "... the rest with -o table"


def test_without_a_cause_what_was_not_read_is_told():
    unread = [unknown("access.pull-role", "HTTP 403. It needs A/b/read.")]
    said = texts(block_of(report(verdict="inconclusive", unknowns=unread), 100))
    assert said[0].startswith("UNKNOWN")
    assert said[-1].endswith("HTTP 403. It needs A/b/read.")


def test_who_fails_at_other_registries_is_told_with_and_without_a_cause():
    group = {"class": "unauthorized-401", "count": 1, "pods": 1, "only": None, "nodePools": [], "nodes": []}
    group |= {"images": ["shop/web:v1"], "namespaces": ["shop"], "host": "docker.io"}
    said = "seen     1 pod in shop: unauthorized-401 for shop/web:v1 from docker.io; not judged."
    for told in (report(finding("a.b"), outOfScopeGroups=[group]), report(verdict="healthy", outOfScopeGroups=[group])):
        assert " ".join(said.split()) in [" ".join(each.split()) for each in texts(block_of(told, 100))]


def test_many_causes_are_counted_beyond_the_third():
    roots = [finding(f"a.b{number}", remedies=[remedy()]) for number in range(5)]
    assert any("2 further causes" in each for each in texts(block_of(report(*roots), 100)))


def test_several_reports_have_a_block_each():
    healthy = report(verdict="healthy")
    assert texts(blocks_of([healthy, healthy], 100)).count("") == 1


def test_where_commands_can_be_pasted_is_said_once_and_only_where_the_shell_is_another():
    broken = report(finding("a.b", remedies=[remedy()]))
    said = " ".join(texts(blocks_of([broken, broken], 100, continued="")))
    assert said.count("Cloud Shell") == 1
    assert "Cloud Shell" not in " ".join(texts(blocks_of([broken], 100)))
    assert [row["Result"] for row in table_of([broken], 100, continued="")][-1] == "note"
    assert "note" not in [row["Result"] for row in table_of([broken], 100)]


def test_what_changed_before_is_told_below_the_cause():
    changes = [{"summary": "It was deleted.", "proven": True}]
    told = texts(block_of(report(finding("a.b", changes=changes, remedies=[remedy()])), 100))
    assert any(each.split(maxsplit=1) == ["changed", "It was deleted."] for each in told)
