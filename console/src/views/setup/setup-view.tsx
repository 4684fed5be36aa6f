import { EmptyState } from "../../components/states.tsx";
import { View } from "../../components/view.tsx";

/** Setup. */
export function SetupView() {
  return (
    <View title="Setup">
      <EmptyState icon="setup" title="Nothing here yet" />
    </View>
  );
}
