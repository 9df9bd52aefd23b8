"""Problems of a definition in Portuguese: message and hint by code; `[name]` is filled with the finding's value."""

from collections.abc import Mapping
from typing import Final

from flows.engine.problem_codes import Code, Expected

EXPECTED: Final[Mapping[Expected, str]] = {
    Expected.TEXT: "um texto, “…”",
    Expected.WHOLE_NUMBER: "um número inteiro",
    Expected.NUMBER: "um número",
    Expected.FLAG: "true ou false",
    Expected.LIST: "uma lista, […]",
    Expected.OBJECT: "um objeto, {…}",
    Expected.SCALAR: "um texto, um número, true ou false",
}

TEXTS: Final[Mapping[Code, tuple[str, str]]] = {
    Code.NOT_JSON: ("Este valor não existe em JSON.", "Use apenas textos, números, listas e objetos."),
    Code.NOT_AN_OBJECT: ("O fluxo precisa ser um objeto JSON.", "Comece com { e termine com }."),
    Code.TOO_LARGE: ("O fluxo é grande demais: o limite é [limit].", "Divida o fluxo em partes menores."),
    Code.TOO_DEEP: ("O fluxo tem níveis demais: o limite é [limit].", "Confira se algo foi colado dentro de si mesmo."),
    Code.BAD_TEXT: ("O texto contém caracteres inválidos.", "Apague o trecho e digite de novo."),
    Code.BAD_NUMBER: ("O número não é válido.", "Use um número comum, como 5 ou 1.5."),
    Code.UNSUPPORTED_VERSION: ("Esta versão do formato não é conhecida.", 'Use "spec_version": 1.'),
    Code.UNKNOWN_FIELD: ("O campo “[name]” não existe aqui.", "Confira a grafia ou remova o campo."),
    Code.REQUIRED: ("O campo “[name]” é obrigatório.", "Preencha o campo."),
    Code.WRONG_TYPE: ("O campo “[name]” tem o tipo errado: esperado [expected].", "Corrija o valor do campo."),
    Code.BLANK: ("O campo “[name]” não pode ficar vazio.", "Preencha ou remova o campo."),
    Code.TOO_LONG: ("O campo “[name]” é longo demais: o limite é [limit].", "Encurte o valor."),
    Code.TOO_SHORT: ("O campo “[name]” precisa de pelo menos [limit].", "Acrescente o que falta."),
    Code.OUT_OF_RANGE: ("O valor de “[name]” está fora do permitido: [bound].", "Use um valor dentro do limite."),
    Code.NOT_AN_OPTION: ("O valor de “[name]” não é uma das opções.", "Use uma destas: [options]."),
    Code.UNKNOWN_STEP_TYPE: ("O tipo de passo “[type]” não é conhecido.", "Use um destes: [options]."),
    Code.UNKNOWN_CONDITION_TYPE: ("O tipo de condição “[type]” não é conhecido.", "Use um destes: [options]."),
    Code.VALUE_MISSING: ("Falta o valor com que comparar.", "Preencha “value”."),
    Code.BAD_REGEX: (
        "A expressão regular não é válida.",
        "Use a sintaxe RE2: sem referências (\\1) e sem olhar em volta (?=…).",
    ),
    Code.BAD_VARIABLE_NAME: (
        "Este não é um nome de variável.",
        "Use letras sem acento, números e _, começando por letra: email, nome_completo.",
    ),
    Code.BAD_TIME: ("Este não é um horário.", "Escreva horas e minutos: 09:00."),
    Code.BAD_COMMAND: (
        "Este não é um comando que se possa usar.",
        "Use letras sem acento, números e _, até 32; /start já começa o fluxo.",
    ),
    Code.DUPLICATE_COMMAND: ("O comando /[command] aparece mais de uma vez.", "Deixe só um destino por comando."),
    Code.TRIGGER_WORD: (
        "Um gatilho precisa de um comando ou de uma palavra-chave, e só de um dos dois.",
        "Preencha “command” ou “keyword”; para os dois, faça dois gatilhos.",
    ),
    Code.DUPLICATE_KEYWORD: (
        "A palavra-chave “[keyword]” aparece mais de uma vez.",
        "Deixe só um destino por palavra-chave.",
    ),
    Code.RESERVED_COMMAND: (
        "/[command] é respondido pelo próprio bot: este gatilho nunca acontece.",
        "Escolha outro comando. O que o bot responde a /[command] se edita nos textos do bot.",
    ),
    Code.NO_VALID_CONDITION: (
        "Nenhuma condição deste passo é válida.",
        "Corrija as condições: sem elas, o passo é tratado como ausente.",
    ),
    Code.TOO_MANY_STEPS: ("O fluxo tem [count] passos: o limite é [limit].", "Divida o fluxo em fluxos menores."),
    Code.TOO_MANY_CONDITIONS: ("O passo tem [count] condições: o limite é [limit].", "Divida o passo em dois."),
    Code.TOO_MANY_VARIABLES: ("O fluxo usa [count] variáveis: o limite é [limit].", "Remova as que não são usadas."),
    Code.TOO_MANY_EMBEDDED_STEPS: (
        "Os subfluxos trazem [count] passos: o limite é [limit].",
        "Use menos subfluxos, ou subfluxos menores.",
    ),
    Code.NO_START_STEP: ("O fluxo não tem passo inicial.", "Escolha por qual passo a conversa começa."),
    Code.UNKNOWN_START_STEP: ("O passo inicial “[target]” não existe.", "Escolha um passo que existe."),
    Code.DUPLICATE_STEP_ID: ("Há mais de um passo com o id “[id]”.", "Dê um id próprio a cada passo."),
    Code.UNKNOWN_TARGET: (
        "O passo de destino “[target]” não existe.",
        "Ligue a um passo que existe ou remova a ligação.",
    ),
    Code.DEAD_END: (
        "A conversa para neste passo: ele não leva a lugar nenhum.",
        "Ligue a saída “próximo” ou acrescente uma condição.",
    ),
    Code.ACCESS_WITH_CONNECTION: (
        "Um passo de acesso encerra a conversa e não pode ter ligações.",
        "Remova a ligação ou use um passo “deliver”, que continua.",
    ),
    Code.ACCESS_WITH_CONDITION: (
        "Um passo de acesso encerra a conversa e não pode ter condições.",
        "Remova as condições ou use um passo “deliver”, que continua.",
    ),
    Code.CYCLE: (
        "O fluxo volta ao mesmo ponto: [path].",
        "Desfaça uma das ligações ou permita voltas neste fluxo (allow_loops).",
    ),
    Code.UNATTENDED_CYCLE: (
        "O fluxo gira sem esperar por ninguém: [path].",
        "Desfaça uma das ligações ou ponha no caminho um passo que espera o cliente.",
    ),
    Code.WALK_TOO_LONG: (
        "A partir de “[first]” nada espera por ninguém: a conversa pararia antes de “[last]”, após [limit] passos.",
        "Ponha no meio um passo que espera o cliente, como botões, uma pergunta ou uma pausa.",
    ),
    Code.ATTENDED_LOOP: ("O fluxo permite esta volta: [path].", "Confira se o cliente tem como sair dela."),
    Code.UNREACHABLE_STEP: ("Nenhum caminho leva a este passo.", "Ligue-o ao fluxo ou apague-o."),
    Code.UNUSED_CONNECTION: ("A saída “[name]” nunca é usada neste tipo de passo.", "Remova a ligação."),
    Code.UNKNOWN_FLOW: (
        "O fluxo “[id]” não pode ser executado aqui: não existe, não está publicado ou é de outro bot.",
        "Escolha um fluxo publicado deste bot. Fluxo importado tem outro id aqui: publique-o e aponte para ele.",
    ),
    Code.SUBFLOW_CYCLE: (
        "Este fluxo executaria a si mesmo dentro de si: [path].",
        "Quebre o círculo: um destes fluxos não pode executar o seguinte.",
    ),
    Code.SUBFLOW_TOO_DEEP: (
        "“[name]” tem subfluxos demais um dentro do outro: o limite é [limit].",
        "Execute os fluxos de dentro a partir daqui, um depois do outro.",
    ),
    Code.REPEATED_SUBFLOW: (
        "Depois de “[before]”, “[name]” passa pelos mesmos passos de novo sem esperar: a conversa pararia aqui.",
        "Ponha entre os dois um passo que espera, como botões ou uma pergunta.",
    ),
    Code.BUTTON_LEADS_NOWHERE: (
        "O botão “[text]” não leva a lugar nenhum.",
        "Escolha o destino do botão, acrescente uma condição para ele ou ligue a saída “próximo”.",
    ),
    Code.BUTTON_URL_AND_TARGET: (
        "O botão “[text]” abre uma página e por isso não pode levar a um passo.",
        "Deixe só a página ou só o destino.",
    ),
    Code.DUPLICATE_BUTTON: ("Há dois botões com o texto “[text]”.", "Dê um texto diferente a cada botão."),
    Code.UNKNOWN_BUTTON: ("Nenhum botão deste passo tem o texto “[text]”.", "Copie o texto do botão exatamente."),
    Code.TOO_MANY_BUTTONS: ("Há [count] botões: o Telegram aceita até [limit].", "Divida os botões em dois passos."),
    Code.NOTHING_TO_PRESS: (
        "Todos os botões abrem páginas: o fluxo não fica sabendo do toque.",
        "Acrescente um botão que continua a conversa ou uma condição de tempo.",
    ),
    Code.CONDITION_NEVER_FITS: (
        "Uma condição “[type]” nunca acontece em um passo “[step_type]”.",
        "Remova a condição ou troque o tipo do passo.",
    ),
    Code.SHADOWED_CONDITION: (
        "Esta condição nunca é alcançada: a condição [earlier] sempre vence antes.",
        "Mude a ordem ou remova uma das duas.",
    ),
    Code.FALLBACK_WITHOUT_ATTEMPTS: (
        "O passo alternativo nunca é usado, porque não há limite de tentativas.",
        "Preencha “max_attempts”.",
    ),
    Code.BRANCH_WITHOUT_NEXT: (
        "Quem não atende a nenhuma condição fica sem caminho: a conversa termina aqui.",
        "Ligue “next” para todos os outros.",
    ),
    Code.DUPLICATE_ARM: ("Dois braços têm o nome “[name]”.", "Dê um nome próprio a cada braço."),
    Code.NOTHING_TO_SAY: ("A mensagem está vazia.", "Escreva um texto ou escolha uma mídia."),
    Code.NOTHING_TO_DELIVER: ("Nada é entregue aqui.", "Preencha texto, link, mídia ou grupo."),
    Code.MEDIA_SOURCE: ("A mídia precisa de exatamente uma origem.", "Preencha só um: url, asset ou file_id."),
    Code.DELAY_DURATION: (
        "A espera precisa de exatamente uma duração.",
        "Preencha só um: seconds, minutes, hours, days ou until.",
    ),
    Code.TEXT_TOO_LONG: (
        "O texto tem [count] caracteres: o Telegram aceita até [limit].",
        "Divida o texto em duas mensagens.",
    ),
    Code.CAPTION_TOO_LONG: (
        "A legenda tem [count] caracteres: o Telegram aceita até [limit].",
        "Encurte a legenda ou mande o texto em outra mensagem.",
    ),
    Code.LONG_TEXT: ("O texto é muito longo ([count] caracteres).", "Textos curtos vendem mais: considere dividir."),
    Code.BAD_URL: (
        "O endereço não é válido: use http:// ou https://.",
        "Escreva o endereço completo: https://exemplo.com.",
    ),
    Code.PRIVATE_URL: ("O endereço aponta para uma rede privada.", "Use um endereço público."),
    Code.URL_NOT_CALLED: (
        "Este endereço não é chamado: ele indica uma porta própria, ou usuário e senha.",
        "Use https:// sem porta; ponha a senha em um cabeçalho, como Authorization.",
    ),
    Code.BAD_HEADER: (
        "O cabeçalho não pode ser usado: “[name]”.",
        "Use letras, números e -, e um valor em uma só linha; Host, Content-Length e Idempotency-Key são da Trilho.",
    ),
    Code.BAD_JSON_PATH: (
        "Isto não é um caminho na resposta.",
        "Escreva nomes com pontos e posições entre colchetes: data.items[0].price.",
    ),
    Code.BODY_NOT_SENT: ("Um GET não envia corpo.", "Use POST ou remova o corpo."),
    Code.BROKEN_PLACEHOLDER: (
        "“[text]” não é uma variável e será enviado como está.",
        "Escreva {{nome}}: letras, números e _, entre duas chaves.",
    ),
    Code.UNKNOWN_VARIABLE: (
        "A variável “[name]” não é preenchida em nenhum passo e ficará vazia.",
        "Confira a grafia ou guarde uma resposta nela com “save_as”.",
    ),
    Code.RESERVED_VARIABLE: (
        "O nome “[name]” é do próprio Trilho: nenhum passo pode gravá-lo.",
        "Escolha outro nome, como meu_[name].",
    ),
    Code.NOTHING_TO_SET: ("Este passo não anota nada.", "Preencha uma variável ou etiqueta, ou remova o passo."),
    Code.PAYMENT_WITHOUT_EXIT: (
        "O pagamento precisa da saída “pago” (next) ou “pendente” (pending).",
        "Ligue pelo menos uma das duas.",
    ),
    Code.PAYMENT_WITHOUT_PAID_EXIT: (
        "Quem pagar fica sem resposta: não há caminho para “pago” nem entrega.",
        "Ligue a saída “pago” (next), acrescente uma condição “paid” ou preencha “deliver”.",
    ),
    Code.PAYMENT_WITHOUT_PENDING: (
        "Não há caminho para quem ainda não pagou.",
        "Ligue a saída “pendente” para lembrar o cliente.",
    ),
    Code.NO_AMOUNT: (
        "Nenhum valor a cobrar foi encontrado.",
        "Preencha o valor do pagamento ou o preço do botão que leva a ele.",
    ),
    Code.BAD_AMOUNT: ("“[amount]” não é um valor.", 'Escreva só o número, com ponto: "29.90".'),
    Code.AMOUNT_NOT_POSITIVE: ("O valor precisa ser maior que zero.", 'Escreva um valor positivo: "29.90".'),
    Code.AMOUNT_DECIMALS: ("O valor tem mais de duas casas decimais.", 'Use até duas casas: "29.90".'),
    Code.AMOUNT_TOO_LARGE: ("O valor é alto demais.", "Use até [limit] dígitos antes do ponto."),
    Code.STARS_NOT_WHOLE: ("Valores em Stars são inteiros.", 'Escreva sem casas decimais: "100".'),
    Code.PRICE_FROM_CONTACT: (
        "O preço usa a variável “[name]”, que o cliente pode escrever.",
        "Use um preço fixo: assim ninguém escolhe quanto paga.",
    ),
    Code.MAIN_BUTTON_WITHOUT_ACCESS: (
        "O botão “[text]” tem preço, mas não entrega nada.",
        "Preencha o acesso que o cliente recebe ao pagar.",
    ),
    Code.UNPAID_ACCESS: ("Dá para chegar a este acesso sem pagar: [path].", "Confira se é isso mesmo que você quer."),
    Code.PRICE_DIFFERS: (
        "O texto fala em [written], mas a cobrança é de [charged].",
        "Deixe o mesmo preço no texto e na cobrança.",
    ),
    Code.PIX_WITHOUT_STARS: (
        "Este fluxo vende por PIX, sem oferecer Telegram Stars.",
        "Para produtos digitais, os termos do Telegram pedem Stars. Se for o seu caso, considere oferecer os dois.",
    ),
    Code.COUPON_DISCOUNT: (
        "O cupom “[coupon]” precisa de exatamente um: “percent” ou “amount_off”.",
        "Preencha uma porcentagem ou um valor, e deixe o outro vazio.",
    ),
    Code.BAD_PERCENT: (
        "A porcentagem vai de 1 a 99, com até duas casas decimais.",
        'Escreva um número inteiro, 10, ou um texto com ponto: "12.5".',
    ),
    Code.BAD_DATE: ("Este dia não existe.", 'Escreva ano, mês e dia: "2026-12-31".'),
    Code.DUPLICATE_COUPON: (
        "Dois cupons deste passo têm o código “[coupon]”.",
        "Dê um código a cada um; maiúsculas e minúsculas não fazem diferença.",
    ),
    Code.COUPON_DOES_NOT_FIT: (
        "O cupom “[coupon]” não desconta nada deste valor, ou desconta tudo.",
        "É preciso descontar alguma coisa, e sobrar alguma coisa a pagar.",
    ),
    Code.COUPON_EXPIRED: (
        "O cupom “[coupon]” terminou em [until].",
        "Dê a ele um dia mais adiante, ou retire-o.",
    ),
    Code.UNKNOWN_GATEWAY: ("A conta de pagamento “[id]” não existe.", "Escolha uma das suas contas."),
    Code.NO_GATEWAY: ("O bot ainda não tem conta de pagamento.", "Conecte uma conta antes de vender."),
    Code.CURRENCY_NOT_TAKEN: ("A conta de pagamento não aceita [currency].", "Escolha outra moeda ou outra conta."),
    Code.PAYER_FIELD_MISSING: (
        "A conta de pagamento exige “[name]” de quem paga.",
        "Pergunte antes e indique a variável em payer.[name].",
    ),
    Code.ACCOUNT_LACKS_PAYER_FIELD: (
        "Se a primeira conta falhar, “[account]” não pode assumir: ela exige “[name]” de quem paga.",
        "Pergunte antes e indique a variável em payer.[name], ou tire a conta da lista do bot.",
    ),
    Code.AMOUNT_BELOW_MINIMUM: (
        "Nenhuma conta do bot aceita tão pouco: o mínimo é [least].",
        "Cobre [least] ou mais, ou conecte uma conta que aceite menos.",
    ),
    Code.ACCOUNT_TAKES_MORE: (
        "A conta “[account]” aceita no mínimo [least]: abaixo disso ela é pulada.",
        "Cobre [least] ou mais, ou ponha na lista do bot uma conta que aceite menos.",
    ),
    Code.CODE_LIVES_OTHERWISE: (
        "Na conta “[account]” o código pode ser pago por [minutes] minutos, e não pelo tempo que a etapa diz.",
        "Diga [minutes] minutos na etapa, ou escolha outra conta.",
    ),
    Code.CHAT_WITHOUT_RIGHTS: (
        "O bot não pode colocar ninguém neste grupo ou canal.",
        "Torne o bot administrador lá, com permissão para convidar pessoas.",
    ),
    Code.UNKNOWN_CHAT: ("O grupo ou canal “[id]” não está conectado.", "Escolha um dos grupos conectados."),
    Code.UNKNOWN_MEDIA: ("A mídia “[id]” não existe.", "Envie o arquivo de novo ou escolha outro."),
    Code.MEDIA_KIND: (
        "O arquivo é “[kind]” e não pode ser enviado como “[wanted]”.",
        "Escolha outro arquivo, ou envie este como “[kind]” ou “document”.",
    ),
    Code.CONVERSATION_TEST_FAILED: (
        "O teste “[name]” não passa mais, no item [place]: esperava [expected], veio [came].",
        "Corrija o fluxo, ou o teste, se é isso mesmo que você quer agora.",
    ),
}
