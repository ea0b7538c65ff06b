// Runs every server audit of graphql-http against the address given; prints the outcomes as JSON.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const outcomes = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify(outcomes));
