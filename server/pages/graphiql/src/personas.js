import { fetchJson } from './json.js';

/**
 * The ready personas with fresh tokens, `{key, nameZh, role, tenant, organization, token}`; the
 * public one has neither tenant nor token.
 *
 * Null outside demo mode: only then the page itself names the address they are at, so that
 * nobody asks for what is not there.
 */
export async function fetchPersonas() {
  const url = document.querySelector('meta[name=onegrid-personas]')?.content;
  if (!url) return null;
  try {
    const { personas } = await fetchJson(url);
    if (!Array.isArray(personas)) throw new TypeError('expected a list of personas');
    return personas;
  } catch (error) {
    console.warn(`No personas from ${url}:`, error);
    return null;
  }
}
