import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** A trace. */
export function TraceView({ traceId }: { readonly traceId: string }) {
  return (
    <View title={traceId}>
      <EmptyState icon="traces" title="Nothing here yet" />
    </View>
  );
}
