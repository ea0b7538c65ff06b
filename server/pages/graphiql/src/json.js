const TIMEOUT_MS = 5000;

/** What the server gives as JSON at an address; an error where it does not answer 200 in time. */
export async function fetchJson(url) {
  const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}
