// Draws /openapi.json for people. Refuses to fetch anything else, and to write HTML from text.

/** @param {string} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} children */
function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Turns `code` and line ends of a description into elements. @param {string} text */
function prose(text) {
  const parts = text.split(/(`[^`]*`|\n)/).filter(Boolean);
  return parts.map((part) => {
    if (part === "\n") return made("br");
    return part.startsWith("`") ? made("code", {}, part.slice(1, -1)) : part;
  });
}

/** @param {any} spec @param {any} schema */
function resolved(spec, schema) {
  const name = schema.$ref?.split("/").pop();
  return name ? spec.components.schemas[name] : schema;
}

/**
 * An example value of a schema: its shape says more than its grammar.
 * @param {any} spec @param {any} schema @param {number} depth @returns {any}
 */
function example(spec, schema, depth = 0) {
  const known = resolved(spec, schema);
  if (depth > 8) return null;
  if ("default" in known && known.default !== null && depth > 0) return known.default;
  if (known.const !== undefined) return known.const;
  if (known.enum) return known.enum.join(" | ");
  const choice = (known.anyOf ?? known.oneOf)?.find((/** @type {any} */ one) => one.type !== "null");
  if (choice) return example(spec, choice, depth + 1);
  if (known.type === "object") {
    const names = Object.entries(known.properties ?? {});
    return Object.fromEntries(names.map(([name, inner]) => [name, example(spec, inner, depth + 1)]));
  }
  if (known.type === "array") return [example(spec, known.items ?? {}, depth + 1)];
  if (known.type === "integer" || known.type === "number") return known.minimum ?? 0;
  if (known.type === "boolean") return true;
  return known.format === "uuid" ? "00000000-0000-0000-0000-000000000000" : "…";
}

/** @param {any} schema @returns {string} */
function typed(schema) {
  const choices = (schema.anyOf ?? [schema]).filter((/** @type {any} */ one) => one.type !== "null");
  const names = choices.map((/** @type {any} */ one) => one.enum?.join(" | ") ?? one.format ?? one.type ?? one.$ref?.split("/").pop() ?? "");
  return names.join(" | ");
}

/** @param {any} spec @param {any} body */
function shown(spec, body) {
  const schema = Object.values(body.content ?? {})[0]?.schema;
  if (!schema) return [];
  const known = resolved(spec, schema);
  const about = known.description ? [made("p", {}, ...prose(known.description))] : [];
  return [...about, made("pre", {}, JSON.stringify(example(spec, schema), null, 2))];
}

/** @param {any[]} parameters */
function parameterTable(parameters) {
  const rows = parameters.map((one) =>
    made("tr", {},
      made("td", {}, made("code", {}, one.name)), made("td", {}, one.in), made("td", {}, typed(one.schema)),
      made("td", {}, one.required ? "required" : "optional", one.description ? ` · ${one.description}` : "")));
  return made("table", {}, made("tbody", {}, ...rows));
}

/** @param {any} spec @param {string} path @param {string} method @param {any} operation */
function door(spec, path, method, operation) {
  const inside = made("div", { class: "inside" });
  if (operation.parameters.length) inside.append(made("h3", {}, "Parameters"), parameterTable(operation.parameters));
  if (operation.requestBody) inside.append(made("h3", {}, "Body"), ...shown(spec, operation.requestBody));
  const refusals = [];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (answer["x-codes"]) {
      const codes = answer["x-codes"].flatMap((/** @type {string} */ code) => [made("a", { href: `#${code}` }, code), "  "]);
      refusals.push(made("tr", {}, made("td", {}, status), made("td", {}, ...codes)));
    } else {
      inside.append(made("h3", {}, `Answer ${status}`), ...shown(spec, answer));
    }
  }
  if (refusals.length) inside.append(made("h3", {}, "Refusals"), made("table", {}, made("tbody", {}, ...refusals)));
  const word = method.toUpperCase();
  const signed = operation.security.length ? [made("span", { class: "signed" }, "signed")] : [];
  return made("details", { class: "door", id: operation.operationId, "data-words": `${word} ${path} ${operation.summary}`.toLowerCase() },
    made("summary", {}, made("span", { class: "method", "data-method": word }, word), made("b", {}, path), ...signed,
      made("span", {}, operation.summary)), inside);
}

/** @param {any} spec */
function draw(spec) {
  const by = /** @type {(id: string) => HTMLElement} */ ((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
  by("title").textContent = `API · ${spec.info.title} ${spec.info.version}`;
  by("intro").replaceChildren(...prose(spec.info.description), " ", made("a", { href: "/openapi.json" }, "openapi.json"));
  const doors = by("doors");
  for (const tag of spec.tags) {
    const mine = [];
    for (const [path, methods] of Object.entries(spec.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags.includes(tag.name)) mine.push(door(spec, path, method, operation));
      }
    }
    doors.append(made("section", {}, made("h2", {}, tag.description), ...mine));
  }
  for (const one of spec["x-refusals"]) {
    by("refusals").append(made("tr", { id: one.code }, made("td", {}, made("code", {}, one.code)), made("td", {}, String(one.status)),
      made("td", {}, one.retryable ? "yes" : "no"), made("td", {}, one.en, " ", made("span", { class: "quietly", lang: "zh" }, one.zh))));
  }
  by("filter").addEventListener("input", (event) => {
    const words = /** @type {HTMLInputElement} */ (event.target).value.trim().toLowerCase();
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (doors.querySelectorAll("details"))) {
      one.hidden = !(one.dataset.words ?? "").includes(words);
    }
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (doors.querySelectorAll("section"))) {
      one.hidden = !one.querySelector("details:not([hidden])");
    }
  });
  // The rows did not exist when the browser looked for the address's #code.
  if (location.hash) location.replace(location.hash);
}

draw(await (await fetch("/openapi.json")).json());
