"""Reported figures and whom they speak of."""

from seeds.figures import load_figures, tenants_of
from tenants.definition import Definition


def test_every_figure_has_a_tenant(shipped: tuple[Definition, ...]) -> None:
    """None of the 310 figures is lost because its subject is not a tenant's name."""
    figures = load_figures()
    assert len(figures) == 310
    assert [figure for figure in figures if not tenants_of(figure, shipped)] == []


def test_figures_of_two_tenants_are_kept_by_both(shipped: tuple[Definition, ...]) -> None:
    """The agreement's figures belong to both cities, the provincial bodies' to the province."""
    kept = {figure.stated_for: tenants_of(figure, shipped) for figure in load_figures()}
    assert kept["六盘水市;贵阳市"] == [520200, 520100]
    assert kept["省国资委"] == kept["省直机关工委"] == [210000]
    assert kept["黔东南州"] == [522600]
