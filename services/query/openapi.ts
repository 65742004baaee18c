import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { api } from "@v6meter/schemas";
import type { FastifySchema } from "fastify";
import { createJsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Api } from "./api.ts";

/** Where the page of the documentation stands. */
export const DOCS_PATH = "/docs";

/** Scripts and data come from here only; Swagger UI sets style attributes. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DESCRIPTION = `The IPv6 share of a province's traffic, its users of IPv6, what units report, the books behind them, and read-only SQL.

Integers of 64 bits and more are strings. Instants are ISO 8601; days and months are cut in Asia/Shanghai (UTC+8). Unknown
parameters are refused. Every error is \`application/problem+json\` (RFC 9457); a 400 says which parameter is wrong, what was
found and what is allowed.

Routes of figures also answer \`Accept: application/sql\` (RFC 6922): the ClickHouse statements that ran for them, parameters as
literals, with a comment on what becomes of their rows.`;

const transformZod = createJsonSchemaTransform({});

/** A route with bodies of several media types has its schemas by type, which fastify-type-provider-zod leaves aside. */
const describeRoute: typeof transformZod = (document) => {
  const body = document.schema?.body as { content?: Record<string, { schema: z.ZodType }> } | undefined;
  if (body?.content === undefined) return transformZod(document);
  const { body: _, ...rest } = document.schema as FastifySchema;
  const described = transformZod({ ...document, schema: rest });
  const content = Object.entries(body.content).map(([type, { schema }]) => {
    const { $schema: __, ...json } = z.toJSONSchema(schema, { io: "input" });
    return [type, { schema: json }];
  });
  return { ...described, schema: { ...described.schema, body: { content: Object.fromEntries(content) } } };
};

type Operations = Record<string, { responses?: Record<string, unknown> }>;

/** OpenAPI 3.1 of all routes at /openapi.json, and its page at /docs; both work without other hosts. */
export function describeApi(app: Api): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "v6meter", version: "1", description: DESCRIPTION, license: { name: "Apache-2.0" } },
      tags: [
        { name: "traffic", description: "Shares of traffic" },
        {
          name: "users",
          description: "Users by sessions, estimates and a panel; each figure with its method, coverage and interval",
        },
        { name: "indicators", description: "The catalogue of indicators, their figures, and targets" },
        { name: "registry", description: "What regions and operators are called" },
        { name: "submissions", description: "Figures that units report by month: templates, versions, decisions" },
        { name: "reports", description: "The monthly report" },
        { name: "snapshots", description: "Closed months, frozen and restated" },
        { name: "books", description: "What became of everything received" },
        { name: "sql", description: "The administrator's own questions" },
        { name: "identity", description: "Who the key is, the keys of others, and what people did" },
        { name: "health", description: "State of the process" },
      ],
      security: [{ key: [] }],
      components: {
        securitySchemes: { key: { type: "http", scheme: "bearer", description: "A key, or a token of the issuer" } },
      },
    },
    transform: describeRoute,
    transformObject: (document) => {
      if (!("openapiObject" in document)) throw new TypeError("the documentation is OpenAPI");
      const { paths = {}, components = {}, ...rest } = document.openapiObject;
      const { $schema: _, ...problem } = z.toJSONSchema(api.problem, { io: "output" });
      for (const operations of Object.values(paths) as Operations[]) {
        for (const operation of Object.values(operations)) {
          operation.responses = { ...operation.responses, default: { $ref: "#/components/responses/Problem" } };
        }
      }
      return {
        ...rest,
        paths,
        components: {
          ...components,
          schemas: { ...components.schemas, Problem: problem },
          responses: {
            Problem: {
              description: "What went wrong (RFC 9457)",
              content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
            },
          },
        },
      } as typeof document.openapiObject;
    },
  });
  app.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    staticCSP: DOCS_POLICY,
    theme: { title: "v6meter API" },
    uiConfig: { docExpansion: "list", deepLinking: true, layout: "BaseLayout" },
  });
  app.register(async (scope) => {
    scope.get("/openapi.json", { schema: { tags: ["health"], summary: "This description", security: [] } }, async () =>
      app.swagger(),
    );
  });
}
