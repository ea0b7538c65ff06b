import { createGraphiQLFetcher } from '@graphiql/toolkit';

/** Every operation goes through here: the place for a header on all of them, or for a transport. */
export const fetcher = createGraphiQLFetcher({ url: '/graphql' });
