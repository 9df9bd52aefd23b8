"""A contract for import-linter: other packages see of a package only what it shows."""

from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FacadeContract(Contract):
    """Of `package`, other packages import only the modules in `visible` and what lies below those.

    `exempt` packages may import anything. What is new is hidden until it is named here.
    """

    package = fields.StringField()
    visible = fields.ListField(subfield=fields.StringField())
    exempt = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every direct import that reaches behind the facade, with its place."""
        # The fields are descriptions on the class and values on the instance, which no type can say.
        package, visible, exempt = cast(
            "tuple[str, list[str], list[str]]", (self.package, self.visible, self.exempt or [])
        )
        hidden = {
            module for module in {package, *graph.find_descendants(package)} if not self._is_below(module, visible)
        }
        reached = [
            detail
            for module in sorted(hidden)
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if not self._is_below(importer, [package, *exempt])
            for detail in graph.get_import_details(importer=importer, imported=module)
        ]
        return ContractCheck(kept=not reached, metadata={"reached": reached})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import."""
        for detail in check.metadata["reached"]:
            self._render(detail)

    @staticmethod
    def _render(detail: Any) -> None:
        output.print_error(
            f"{detail['importer']}:{detail['line_number']} imports {detail['imported']}: {detail['line_contents']}",
            bold=False,
        )

    @staticmethod
    def _is_below(module: str, packages: list[str]) -> bool:
        return any(module == package or module.startswith(f"{package}.") for package in packages)
