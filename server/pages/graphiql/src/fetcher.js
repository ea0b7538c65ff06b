import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';

/** Sends every operation; what the session adds is the same for all of them. */
export function createFetcher(session) {
  const fetcher = createGraphiQLFetcher({
    url: '/graphql',
    subscriptionUrl: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    fetch: (url, init) => ask(session, url, init),
  });
  return (params, options) => fetcher(params, opening(session, params, options));
}

/** A socket has no headers of its own in a browser: they go with its first message. */
function opening(session, { operationName }, options) {
  const operation = options?.documentAST && getOperationAST(options.documentAST, operationName);
  if (operation?.operation !== 'subscription') return options;
  const headers = new Headers(options.headers);
  session.sign(headers);
  return { ...options, headers: Object.fromEntries(headers) };
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
