import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** Traces. */
export function TracesView() {
  return (
    <View title="Traces">
      <EmptyState icon="traces" title="Nothing here yet" />
    </View>
  );
}
