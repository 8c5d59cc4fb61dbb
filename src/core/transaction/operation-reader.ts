/**
 * Reads one operation of a list ([HT55]): its members and their forms, what its kind needs and what means nothing to it, references that
 * can never lead anywhere. Gathers every error with its place; who asks decides what becomes of them. Pure.
 */

import { Fault, type FieldError } from "../fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { IF_VERSION_FORM, parseIfVersion } from "../protocol/if-version.ts";
import { parseCondition } from "./condition.ts";
import { TRANSACTION_LIMITS } from "./limits.ts";
import { type Expect, type Operation, TRANSACTION_OPS, type TransactionOp } from "./operation.ts";
import { operationAt } from "./results.ts";
import { hasTemplate, pathsIn, TemplateError } from "./template.ts";

const MEMBERS = [
  "op",
  "resource",
  "partition",
  "as",
  "id",
  "where",
  "all",
  "data",
  "ifVersion",
  "expect",
  "when",
  "require",
  "select",
  "orderBy",
  "limit",
];
const AS = /^[a-z][A-Za-z0-9_]{0,63}$/;

/** Reads one operation and gathers what is wrong with it. */
export class OperationReader {
  readonly errors: FieldError[] = [];
  readonly operation: Operation;
  readonly index: number;
  readonly #item: JsonObject;
  readonly #names: readonly string[];

  constructor(item: Json, index: number, names: readonly string[]) {
    this.index = index;
    this.#names = names;
    this.#item = isJsonObject(item) ? item : {};
    if (!isJsonObject(item)) this.#refuse("", "must be an object", "type");
    else this.#checkMembers();
    this.operation = this.#read();
    if (this.errors.length === 0) this.#checkFit(this.operation);
    if (this.errors.length === 0) this.#checkReferences(this.operation);
  }

  #read(): Operation {
    const op = this.#text("op");
    if (op === undefined || !isOp(op)) this.#refuse("op", `must be one of ${TRANSACTION_OPS.join(", ")}`, "enum");
    const resource = this.#text("resource");
    if (resource === undefined && isJsonObject(this.#item))
      this.#refuse("resource", "must be the name of a table", "required");
    const as = this.#text("as");
    if (as !== undefined && !AS.test(as)) this.#refuse("as", "must match [a-z][A-Za-z0-9_]{0,63}", "form");
    const twin = as === undefined ? -1 : this.#names.indexOf(as);
    if (twin >= 0 && twin < this.index) this.#refuse("as", `is the name of operations[${twin}] too`, "duplicate");
    return {
      op: op as TransactionOp,
      resource: resource ?? "",
      partition: this.#text("partition") ?? null,
      as: this.#names[this.index] ?? "",
      id: this.#id(),
      where: this.#where(),
      data: this.#data(),
      ifVersion: this.#ifVersion(),
      expect: this.#expect(),
      when: this.#condition("when"),
      require: this.#condition("require"),
      select: this.#list("select"),
      orderBy: this.#list("orderBy"),
      limit: this.#limit(),
    };
  }

  #checkMembers(): void {
    for (const name of Object.keys(this.#item)) {
      if (!MEMBERS.includes(name)) this.#refuse(name.slice(0, 80), "is no member of an operation", "unknown");
    }
  }

  /** Which members an operation needs, and which mean nothing to it. */
  #checkFit({ op, id, where, data }: Operation): void {
    const takes = (member: keyof Operation & string, ops: readonly TransactionOp[]) => {
      if (this.#has(member) && !ops.includes(op)) this.#refuse(member, `means nothing for ${op}`, "not-applicable");
    };
    takes("id", ["read", "update", "replace", "upsert", "delete", "restore"]);
    takes("where", ["read", "list", "update", "delete"]);
    takes("data", ["create", "update", "replace", "upsert"]);
    takes("ifVersion", ["update", "replace", "upsert", "delete", "restore"]);
    takes("select", ["read", "list"]);
    takes("orderBy", ["read", "list"]);
    takes("limit", ["list"]);
    if (id !== undefined && where !== undefined) this.#refuse("where", "cannot stand beside id", "not-applicable");
    const isNamed = id !== undefined || (where !== undefined && op !== "replace" && op !== "restore");
    if (["read", "update", "replace", "delete", "restore"].includes(op) && !isNamed)
      this.#refuse("id", op === "replace" || op === "restore" ? "is required" : "or where is required", "required");
    if (["create", "update", "replace", "upsert"].includes(op) && data === undefined)
      this.#refuse("data", "must be an object", "required");
    if (where !== undefined && this.#has("ifVersion"))
      this.#refuse("ifVersion", "is for a row named by its id", "not-applicable");
    if (id !== undefined && this.#has("orderBy"))
      this.#refuse("orderBy", "is for rows under a filter", "not-applicable");
  }

  #checkReferences({ id, where, data, ifVersion }: Operation): void {
    const check = (member: string, value: Json | undefined) => {
      if (value === undefined) return;
      try {
        for (const [name = ""] of pathsIn(value)) {
          const target = operationAt(name, this.#names);
          if (target === null) this.#refuse(member, `refers to {{${name}…}}, which is no operation`, "reference");
          else if (target >= this.index)
            this.#refuse(member, `refers to {{${name}…}}, which is no earlier operation`, "reference");
        }
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        this.#refuse(member, error.message, "reference");
      }
    };
    check("id", id);
    check("data", data);
    check("ifVersion", ifVersion);
    if (typeof where === "object") check("where", where);
  }

  #id(): Json | undefined {
    const id = this.#own("id");
    if (id === undefined || typeof id === "string" || typeof id === "number") return id;
    this.#refuse("id", "must be an id", "type");
    return undefined;
  }

  #where(): Operation["where"] {
    const where = this.#own("where");
    const all = this.#own("all");
    if (all !== undefined && typeof all !== "boolean") this.#refuse("all", "must be true or false", "type");
    if (all === true && where !== undefined) this.#refuse("all", "cannot stand beside where", "not-applicable");
    if (all === true) return "";
    if (where === undefined) return this.#own("op") === "list" ? "" : undefined;
    const isEmpty =
      typeof where === "string" ? where.trim() === "" : isJsonObject(where) && Object.keys(where).length === 0;
    if (isEmpty) this.#refuse("where", "is empty; to take all rows say all: true", "required");
    if (typeof where === "string") return where;
    if (!isJsonObject(where)) {
      this.#refuse("where", "must be a filter text or an object of equalities", "type");
      return undefined;
    }
    for (const [name, value] of Object.entries(where)) {
      if (typeof value === "object" && value !== null) this.#refuse(`where.${name}`, "must be a scalar", "type");
    }
    return where;
  }

  #data(): JsonObject | undefined {
    const data = this.#own("data");
    if (data === undefined || isJsonObject(data)) return data;
    this.#refuse("data", "must be an object", "type");
    return undefined;
  }

  #ifVersion(): string | undefined {
    const text = this.#text("ifVersion");
    if (text !== undefined && !hasTemplate(text) && parseIfVersion(text) === null)
      this.#refuse("ifVersion", IF_VERSION_FORM, "malformed");
    return text;
  }

  #expect(): Expect | undefined {
    const expect = this.#own("expect");
    if (expect === undefined || expect === "one" || expect === "some") return expect;
    if (typeof expect === "number" && Number.isSafeInteger(expect) && expect >= 0) return expect;
    this.#refuse("expect", "must be one, some or a number of rows", "enum");
    return undefined;
  }

  #condition(member: "when" | "require"): string | undefined {
    const text = this.#text(member);
    if (text === undefined) return undefined;
    try {
      parseCondition(text, `operations[${this.index}].${member}`, this.#names.slice(0, this.index));
      return text;
    } catch (error) {
      // The span is worth more than the other errors of the list.
      if (error instanceof Fault && error.data.slug === "filter-parse-error")
        throw new Fault({ ...error.data, index: this.index, as: this.#names[this.index] ?? "" });
      if (error instanceof Fault && error.data.slug === "validation-error") this.errors.push(...error.data.errors);
      else throw error;
      return undefined;
    }
  }

  /** `a,b` or `["a", "b"]`. */
  #list(member: "select" | "orderBy"): string | undefined {
    const value = this.#own(member);
    if (value === undefined || typeof value === "string") return value;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(",");
    this.#refuse(member, "must be names, as a text or an array", "type");
    return undefined;
  }

  #limit(): number | undefined {
    const limit = this.#own("limit");
    if (limit === undefined) return undefined;
    if (typeof limit === "number" && Number.isSafeInteger(limit) && limit >= 1)
      return Math.min(limit, TRANSACTION_LIMITS.listRows);
    this.#refuse("limit", "must be an integer ≥ 1", "type");
    return undefined;
  }

  #text(member: string): string | undefined {
    const value = this.#own(member);
    if (value === undefined || typeof value === "string") return value;
    this.#refuse(member, "must be a text", "type");
    return undefined;
  }

  #own(member: string): Json | undefined {
    return Object.hasOwn(this.#item, member) ? this.#item[member] : undefined;
  }

  #has(member: string): boolean {
    return this.#own(member) !== undefined;
  }

  #refuse(member: string, message: string, code: string): void {
    const place = `operations[${this.index}]`;
    this.errors.push({ field: member === "" ? place : `${place}.${member}`, message, code });
  }
}

function isOp(text: string): text is TransactionOp {
  return (TRANSACTION_OPS as readonly string[]).includes(text);
}
