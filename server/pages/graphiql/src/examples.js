import { fetchJson } from './json.js';

const URL = '/graphiql/examples.json';

/** The server's example operations, `{name, query, variables, headers}`; none if it gives none. */
export async function fetchExamples() {
  try {
    const examples = await fetchJson(URL);
    if (!Array.isArray(examples)) throw new TypeError('expected a list');
    return examples;
  } catch (error) {
    console.warn(`No examples from ${URL}:`, error);
    return [];
  }
}
