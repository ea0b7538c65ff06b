const TABS_KEY = 'graphiql:tabState';

/**
 * The tabs to open with, as props of GraphiQL: the operation in the page's address comes first,
 * then the tabs the user left, then the examples.
 *
 * GraphiQL fills the editors from the `initial…` props, not from the tab it opens, so each answer
 * names both.
 */
export function opening(examples) {
  const shared = sharedOperation();
  const stored = storedTab();
  if (shared) return stored ? initial(shared) : newTabs([shared, ...without(examples, shared)]);
  if (stored) return initial(stored);
  return examples.length > 0 ? newTabs(examples) : {};
}

function sharedOperation() {
  const parameters = new URLSearchParams(location.search);
  const query = parameters.get('query');
  return query && { query, variables: parameters.get('variables') };
}

function storedTab() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem(TABS_KEY));
    return tabs[activeTabIndex];
  } catch {
    return undefined;
  }
}

function without(examples, { query }) {
  return examples.filter((example) => example.query !== query);
}

function newTabs(defaultTabs) {
  return { defaultTabs, ...initial(defaultTabs[0]), initialHeaders: defaultTabs[0].headers };
}

function initial({ query, variables }) {
  return { initialQuery: query ?? '', initialVariables: variables ?? '' };
}
