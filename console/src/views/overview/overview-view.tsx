import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** Overview. */
export function OverviewView() {
  return (
    <View title="Overview">
      <EmptyState icon="overview" title="Nothing here yet" />
    </View>
  );
}
