"""All that is counted: one list, which checks, rebuilding and tests go through."""

from schema.agreement_rollups import AGREEMENTS
from schema.cooperative_rollups import COOPERATION
from schema.issue_rollups import ISSUES
from schema.organization_rollups import ORGANIZATIONS
from schema.rollup import Source

SOURCES: tuple[Source, ...] = (ISSUES, ORGANIZATIONS, COOPERATION, AGREEMENTS)
