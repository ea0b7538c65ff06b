// PostGraphile over the same database: the login role of cities, the tenant in pgSettings.
// usage: node server.mjs DATABASE_URL PORT
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makeJSONPgSmartTagsPlugin } from "postgraphile/utils";
import { postgraphile } from "postgraphile";

const [url, port] = process.argv.slice(2);

// what the database itself does not say: a foreign key that its events do not have
const relations = makeJSONPgSmartTagsPlugin({
  version: 1,
  config: {
    class: {
      event: {
        tags: { foreignKey: "(tenant_id, issue_id) references issue (tenant_id, id)" },
      },
    },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [relations],
  disablePlugins: ["PgMutationCreatePlugin", "PgMutationUpdateDeletePlugin"],
  pgServices: [
    makePgService({ connectionString: url, schemas: ["public"], poolConfig: { max: 10 } }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
  grafast: {
    explain: false,
    context: ({ node }) => ({
      pgSettings: { "app.tenant_id": String(node?.req.headers["x-tenant"] ?? "") },
    }),
  },
});

createServer(instance.createServ(grafserv).createHandler()).listen(Number(port), "127.0.0.1");
