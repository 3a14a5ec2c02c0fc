"""``completion``."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell; its first lines say how to install it."""
    from click.shell_completion import get_completion_class

    from sindri_core.cli.app import sindri

    how = {
        "bash": "sindri completion bash > ~/.local/share/bash-completion/completions/sindri",
        "zsh": "sindri completion zsh > ~/.zfunc/_sindri   (a folder of fpath)",
        "fish": "sindri completion fish > ~/.config/fish/completions/sindri.fish",
    }
    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 - click knows these three
    source = (
        maker(sindri, {}, "sindri", "_SINDRI_COMPLETE").source_template
        % maker(sindri, {}, "sindri", "_SINDRI_COMPLETE").source_vars()
    )
    head, _, rest = source.partition("\n") if shell == "zsh" else ("", "", source)
    click.echo("\n".join(filter(None, [head, f"# {how[shell]}", rest])))
    return 0
