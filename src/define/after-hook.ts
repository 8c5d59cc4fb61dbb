/** The after-hook that a change calls for: the Worker runs those that are functions, the outbox the durable ones. */

import { hookOperation } from "../core/change/hook-operation.ts";
import type { RowChange } from "../core/protocol/object-call.ts";
import type { Row } from "../core/schema/table-spec.ts";
import type { AfterHookOption, Hooks } from "./hooks.ts";
import type { AnyResource } from "./resource.ts";

export function afterHook(
  resource: AnyResource,
  { before, after }: Pick<RowChange, "before" | "after">,
): AfterHookOption<Row> | undefined {
  const hooks = resource.config.hooks as Hooks<Row> | undefined;
  switch (hookOperation(resource.spec, before, after)) {
    case "create":
      return hooks?.onAfterCreate;
    case "update":
      return hooks?.onAfterUpdate;
    case "delete":
      return hooks?.onAfterDelete;
  }
}
