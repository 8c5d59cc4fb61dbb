/** `useLiveAggregate("tasks", { groupBy: ["status"], count: true })`: figures that follow the server. Writes of this browser count once they are there. */

import type { StoreAggregateOptions } from "../store/store-types.ts";
import type { Group } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Name, Row } from "./registered.ts";
import { useSameHandle, useSnapshot } from "./use-handle.ts";
import type { Followed } from "./use-live-list.ts";

type ColumnOf<R, T> = { [C in keyof R & string]: NonNullable<R[C]> extends T ? C : never }[keyof R & string];

export interface LiveAggregate<Result> extends Followed {
  readonly groups: readonly Result[];
}

export function useLiveAggregate<
  N extends Name,
  const By extends Column<N> = never,
  Count extends boolean = false,
  const Sum extends ColumnOf<Row<N>, number> = never,
  const Avg extends ColumnOf<Row<N>, number> = never,
  const Min extends ColumnOf<Row<N>, string | number | boolean> = never,
  const Max extends ColumnOf<Row<N>, string | number | boolean> = never,
>(
  table: N,
  options: StoreAggregateOptions<Row<N>, By, Count, Sum, Avg, Min, Max>,
): LiveAggregate<Group<Row<N>, By, Count, Sum, Avg, Min, Max>> {
  const { store } = useHookClient();
  const { isReady, ...rest } = useSnapshot(useSameHandle(store, store.aggregate(table, options as never)));
  return { ...rest, isLoading: !isReady && rest.error === null } as unknown as LiveAggregate<
    Group<Row<N>, By, Count, Sum, Avg, Min, Max>
  >;
}
