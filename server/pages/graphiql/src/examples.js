const URL = '/graphiql/examples.json';
const TIMEOUT_MS = 5000;

/** The server's example operations, `{name, query, variables, headers}`; none if it gives none. */
export async function fetchExamples() {
  try {
    const response = await fetch(URL, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const examples = await response.json();
    if (!Array.isArray(examples)) throw new TypeError('expected a list');
    return examples;
  } catch (error) {
    console.warn(`No examples from ${URL}:`, error);
    return [];
  }
}
