import { Button } from "../../components/button.tsx";
import { Menu, MenuItem } from "../../components/menu.tsx";
import { TRACE_COLUMNS } from "./trace-columns.tsx";
import { COLUMNS_BY_DEFAULT } from "./traces-address.ts";

/** Chooses which columns the list has. The name always stays. */
export function ColumnsMenu({
  columns,
  onChoose,
}: {
  readonly columns: readonly string[];
  readonly onChoose: (columns: readonly string[]) => void;
}) {
  const toggle = (key: string) => {
    const chosen = new Set(columns);
    if (!chosen.delete(key)) chosen.add(key);
    onChoose(TRACE_COLUMNS.map((column) => column.key).filter((known) => chosen.has(known)));
  };
  return (
    <Menu label="Columns" icon="columns" align="end">
      {() => (
        <>
          {TRACE_COLUMNS.filter(({ key }) => key !== "name").map(({ key, head }) => (
            <MenuItem key={key} chosen={columns.includes(key)} onChoose={() => toggle(key)}>
              {head}
            </MenuItem>
          ))}
          <Button look="bare" onClick={() => onChoose(COLUMNS_BY_DEFAULT)}>
            As by default
          </Button>
        </>
      )}
    </Menu>
  );
}
