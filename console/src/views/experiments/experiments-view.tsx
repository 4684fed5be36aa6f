import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** Experiments. */
export function ExperimentsView() {
  return (
    <View title="Experiments">
      <EmptyState icon="experiments" title="Nothing here yet" />
    </View>
  );
}
