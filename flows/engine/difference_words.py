"""The place of a change in people's words: `config.custom_buttons.0.text` is *Botão 1 · Texto*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows.engine.difference import Path
from flows.engine.problems import DEFAULT_LOCALE

# What stands around everything and says nothing.
_SILENT: Final = frozenset({"config"})

# Of each field: in Portuguese, in English. Of a list: its items, which are counted.
FIELD_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "accepts": ("Aceita", "Accepts"),
    "access": ("Entrega", "Delivery"),
    "add_tags": ("Etiqueta acrescentada", "Tag added"),
    "allow_loops": ("Permite voltas", "Loops allowed"),
    "amount": ("Valor", "Amount"),
    "amount_off": ("Valor descontado", "Amount off"),
    "arms": ("Braço", "Arm"),
    "assign": ("Variável definida", "Variable set"),
    "avoid_quiet_hours": ("Respeita o silêncio", "Keeps quiet hours"),
    "asset": ("Arquivo", "File"),
    "body": ("Corpo", "Body"),
    "bump": ("Oferta extra", "Extra offer"),
    "button_text": ("Botão", "Button"),
    "buttons": ("Botão", "Button"),
    "chat": ("Grupo ou canal", "Group or channel"),
    "clear": ("Variável apagada", "Variable cleared"),
    "code": ("Código", "Code"),
    "command": ("Comando", "Command"),
    "conditions": ("Condição", "Condition"),
    "connections": ("Saída", "Way out"),
    "coupons": ("Cupom", "Coupon"),
    "currency": ("Moeda", "Currency"),
    "custom_buttons": ("Botão", "Button"),
    "days": ("Dias", "Days"),
    "deliver": ("Entrega ao pagar", "Delivery when paid"),
    "description": ("Descrição", "Description"),
    "document": ("Documento", "Document"),
    "duration_days": ("Dias de acesso", "Days of access"),
    "email": ("E-mail", "E-mail"),
    "expires_minutes": ("Validade do código, em minutos", "Minutes the code is valid"),
    "fallback_step": ("Depois das tentativas", "After the attempts"),
    "file_id": ("Arquivo no Telegram", "File at Telegram"),
    "flow": ("Fluxo", "Flow"),
    "flow_start_step_id": ("Primeiro passo", "First step"),
    "gateway": ("Conta de pagamento", "Payment account"),
    "headers": ("Cabeçalho", "Header"),
    "hours": ("Horas", "Hours"),
    "id": ("Nome", "Name"),
    "ignore_accents": ("Ignora acentos", "Ignores accents"),
    "ignore_case": ("Ignora maiúsculas", "Ignores case"),
    "keyword": ("Palavra", "Keyword"),
    "limit": ("Limite de vendas", "Limit of sales"),
    "link": ("Link", "Link"),
    "link_preview": ("Prévia do link", "Link preview"),
    "main_buttons": ("Botão principal", "Main button"),
    "match": ("Compara", "Compares"),
    "max_attempts": ("Tentativas", "Attempts"),
    "media": ("Mídia", "Media"),
    "method": ("Método", "Method"),
    "minutes": ("Minutos", "Minutes"),
    "mode": ("Como entra", "How one enters"),
    "name": ("Nome", "Name"),
    "next": ("Próximo", "Next"),
    "note": ("Recado para a equipe", "Note to the team"),
    "on_start": ("Ao mandar /start", "On /start"),
    "op": ("Comparação", "Comparison"),
    "order": ("Ordem", "Order"),
    "parse_mode": ("Formatação", "Formatting"),
    "path": ("Caminho", "Path"),
    "payer": ("Pagador", "Payer"),
    "pending": ("Ainda não pago", "Still unpaid"),
    "pending_minutes": ("Minutos até “ainda não pago”", "Minutes until “still unpaid”"),
    "percent": ("Porcentagem", "Percentage"),
    "per_row": ("Botões por linha", "Buttons per row"),
    "position": ("Lugar no desenho", "Place on the canvas"),
    "price": ("Preço", "Price"),
    "protect_content": ("Protege o conteúdo", "Protects the content"),
    "purpose": ("Para que se pergunta", "Why it is asked"),
    "redirect_buttons": ("Botão de link", "Link button"),
    "remove_tags": ("Etiqueta retirada", "Tag removed"),
    "retention_days": ("Dias guardada", "Days kept"),
    "retry": ("Tentar de novo", "Retry"),
    "retry_text": ("Texto quando não serve", "Text when it does not fit"),
    "safe_to_repeat": ("Pode repetir", "Safe to repeat"),
    "save": ("Guarda da resposta", "Saved from the answer"),
    "save_as": ("Guarda em", "Saved as"),
    "scope": ("Vale para", "Holds for"),
    "seconds": ("Segundos", "Seconds"),
    "stale_press": ("Botão antigo", "Old button"),
    "status": ("Situação", "State"),
    "target_step": ("Vai para", "Leads to"),
    "text": ("Texto", "Text"),
    "timeout_seconds": ("Prazo, em segundos", "Deadline in seconds"),
    "triggers": ("Comando", "Command"),
    "type": ("Tipo", "Type"),
    "until": ("Até", "Until"),
    "url": ("Endereço", "Address"),
    "url_buttons": ("Botão de link", "Link button"),
    "validation": ("Exige", "Requires"),
    "value": ("Valor", "Value"),
    "weekdays": ("Dias da semana", "Weekdays"),
    "weight": ("Peso", "Weight"),
    "welcome_message": ("Boas-vindas", "Welcome"),
    "x": ("Horizontal", "Across"),
    "y": ("Vertical", "Down"),
}


def path_words(path: Path, locale: str = DEFAULT_LOCALE) -> str:
    """Where it is, from the outside in; a name that is not ours stays as it is written."""
    language = 1 if locale.lower().startswith("en") else 0
    words: list[str] = []
    for part in path:
        if isinstance(part, int):
            words[-1:] = [f"{words[-1] if words else ''} {part + 1}".strip()]
        elif part not in _SILENT:
            known = FIELD_WORDS.get(part)
            words.append(known[language] if known else part)
    return " · ".join(words)
