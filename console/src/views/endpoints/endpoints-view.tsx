import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** Endpoints. */
export function EndpointsView() {
  return (
    <View title="Endpoints">
      <EmptyState icon="endpoints" title="Nothing here yet" />
    </View>
  );
}
