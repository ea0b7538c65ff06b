import { createGraphiQLFetcher } from '@graphiql/toolkit';

/** Sends every operation; what the session adds is the same for all of them. */
export function createFetcher(session) {
  return createGraphiQLFetcher({ url: '/graphql', fetch: (url, init) => ask(session, url, init) });
}

async function ask(session, url, init) {
  const response = await send(session, url, init);
  const ownToken = new Headers(init.headers).has('authorization');
  if (response.status !== 401 || ownToken || !session.persona?.token) return response;
  // The persona's token ran out, or the server has another secret now: once more with a fresh one.
  const { token } = session.persona;
  await session.renew();
  return session.persona?.token !== token ? send(session, url, init) : response;
}

function send(session, url, init) {
  const headers = new Headers(init.headers);
  session.sign(headers);
  return fetch(url, { ...init, headers });
}
