"""Full-text search of tickets: folded and stemmed text, one index for all clients, kept up to date by triggers.

`ticket_search` has a vector for each ticket, in parts if the ticket is long. Its words have weights: A the subject, B
file names, C what the client may read, D internal notes and their files. Words that begin with # are ids: #c the
client, #p the requester, #t the time (the first four digits of the ticket's id, about 50 days).

Under the policies of msp_client and msp_staff_some PostgreSQL would not use the index, since `@@` is not leakproof.
`search_tickets` therefore runs as msp_system and applies scope and weights, from the settings of the transaction.
"""

from alembic import op
from sqlalchemy import text

from migrations.helpers import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# All characters that are neither letter nor digit, listed: character classes would depend on the database's locale.
SEPARATORS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020"
    r"\ue000-\uf8ff\ufe00-\ufe4f\ufff0-\uffff\U0001f000-\U0001faff]+"
)
STOP = "{mas,tambien,asi,aqui,ahi,alli,despues,ademas,aun,solo,tal,segun,quizas}"  # stop words without their accents
COURTESY = (  # words without information about a ticket
    "{hola,buenas,buenos,dias,tardes,noches,gracias,favor,saludos,saludo,cordial,atentamente,estimado,estimada,ayuda,"
    "ayudar,necesito,podeis,puedes,hello,dear,good,morning,afternoon,please,thanks,thank,regards,help,need}"
)
EXTENSIONS = "extensions"
LOCK = 0x5EA2C4  # of one ticket's parts: adding waits for rebuilding
PART = 40_000  # characters after which a ticket's vector continues in another part

FUNCTIONS = [
    # Lower case without accents, words separated by a space. STABLE only because a PostgreSQL dictionary may change.
    """
    create function search_fold(said text) returns text immutable strict parallel safe language sql as $$
        select btrim(regexp_replace(lower({schema}.unaccent('{schema}.unaccent'::regdictionary,
                translate(normalize(said, NFKC), E'\\u00ad\\u200b\\u200c\\u200d\\u2060\\ufeff', ''))),
            '{separators}', ' ', 'g'))
    $$
    """,
    # Compares a word with a name that contains a similar word, by pg_trgm.word_similarity_threshold.
    """
    create function search_is_alike(word text, name text) returns boolean stable parallel safe language sql as $$
        select word operator({trigram}.<%) search_fold(name)
    $$
    """,
    """
    create function search_likeness(word text, name text) returns real immutable parallel safe language sql as $$
        select {trigram}.word_similarity(word, search_fold(name))
    $$
    """,
    # Unicode collation of Spanish (ñ is a letter after n) and of every other language, for comparison by bytes.
    """
    create function name_sort_key(name text, language text) returns text
    immutable strict parallel safe language sql as $$
        select search_fold(case language when 'es' then regexp_replace(normalize(name, NFC), '[ñÑ]', 'n\ua7f7', 'g')
                           else name end) || chr(1) || lower(normalize(name, NFC))
    $$
    """,
    # Spanish stems are correct only with the accent of -ción and -sión; all other accents are removed.
    """
    create function search_stems(folded text) returns tsvector immutable strict parallel safe language sql as $$
        select to_tsvector('pg_catalog.spanish', regexp_replace(folded, '([cs])ion(?= |$)', '\\1ión', 'g'))
            || to_tsvector('pg_catalog.english', folded)
    $$
    """,
    """
    create function search_is_stop(word text) returns boolean immutable strict parallel safe language sql as $$
        select word = any('{stop}'::text[]) or ts_lexize('pg_catalog.spanish_stem', word) = '{{}}'
            or ts_lexize('pg_catalog.english_stem', word) = '{{}}'
    $$
    """,
    # Words with their positions, for phrases; then stems that are not words of the text, all at one position.
    """
    create function search_vector(said text, weight "char") returns tsvector
    immutable strict parallel safe language plpgsql as $$
    declare
        folded text := search_fold(said);
        words tsvector := to_tsvector('pg_catalog.simple', folded);
        stems text[] := tsvector_to_array(search_stems(folded));
        known text[] := tsvector_to_array(words);
        more text;
    begin
        select string_agg(quote_literal(stem) || ':1' || weight::text, ' ') into more
        from (select unnest(stems) except select unnest(known)) added(stem);
        return setweight(words, weight) || coalesce(more, '')::tsvector;
    end $$
    """,
    # Words in every part of a ticket: client, requester, time, and its subject.
    """
    create function search_base(t ticket) returns tsvector stable language sql as $$
        select format('''#c%s'':1A ''#p%s'':1A ''#t%s'':1A', t.client_id, t.requester_id, left(t.id::text, 4))::tsvector
            || search_vector(t.subject, 'A')
    $$
    """,
    # Adds to the last part of a ticket, or starts another; creates the first one if there is none.
    """
    create function search_add(of_ticket uuid, said text, weight "char") returns void
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        chunk text;
        added tsvector;
        last_part integer;
    begin
        perform pg_advisory_xact_lock({lock}, hashtext(of_ticket::text));
        for chunk in select substr(said, start, {part}) from generate_series(1, greatest(length(said), 1), {part}) start
        loop
            added := search_vector(chunk, weight);
            select max(part) into last_part from ticket_search where ticket_id = of_ticket;
            update ticket_search set vector = vector || added, size = size + length(chunk)
            where ticket_id = of_ticket and part = last_part and size + length(chunk) <= {part};
            if not found then
                insert into ticket_search (ticket_id, part, client_id, size, vector)
                select t.id, coalesce(last_part + 1, 0), t.client_id, length(chunk), search_base(t) || added
                from ticket t where t.id = of_ticket;
            end if;
        end loop;
    end $$
    """,
    """
    create function search_rebuild(of_ticket uuid) returns void
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        said record;
        collected tsvector;
        chars integer := 0;
        parts integer := 0;
        this ticket;
    begin
        perform pg_advisory_xact_lock({lock}, hashtext(of_ticket::text));
        select * into this from ticket where id = of_ticket;
        delete from ticket_search where ticket_id = of_ticket;
        if this.id is null then
            return;
        end if;
        collected := search_base(this);
        for said in
            select substr(of_message.body, start, {part}) as body, of_message.weight
            from (
                select m.at, m.id, m.body, case m.visibility when 'internal' then 'D' else 'C' end::"char" as weight
                from message m where m.ticket_id = of_ticket and m.deleted_at is null
                union all
                select m.at, m.id, a.name, case m.visibility when 'internal' then 'D' else 'B' end::"char"
                from message m join attachment a on a.message_id = m.id
                where m.ticket_id = of_ticket and m.deleted_at is null
            ) of_message
            cross join lateral generate_series(1, greatest(length(of_message.body), 1), {part}) start
            order by of_message.at, of_message.id, start
        loop
            if chars > 0 and chars + length(said.body) > {part} then
                insert into ticket_search (ticket_id, part, client_id, size, vector)
                values (this.id, parts, this.client_id, chars, collected);
                collected := search_base(this);
                chars := 0;
                parts := parts + 1;
            end if;
            collected := collected || search_vector(said.body, said.weight);
            chars := chars + length(said.body);
        end loop;
        insert into ticket_search (ticket_id, part, client_id, size, vector)
        values (this.id, parts, this.client_id, chars, collected);
    end $$
    """,
    # A ticket that is inserted in one statement with its message is indexed with the message.
    """
    create function search_follow_ticket() returns trigger
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    begin
        if tg_op = 'UPDATE' or not exists (select from message where ticket_id = new.id) then
            perform search_rebuild(new.id);
        end if;
        return null;
    end $$
    """,
    """
    create function search_follow_message() returns trigger
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    begin
        if tg_op = 'INSERT' then
            if new.deleted_at is null then
                perform search_add(new.ticket_id, new.body,
                                   case new.visibility when 'internal' then 'D' else 'C' end::"char");
            end if;
        elsif tg_op = 'UPDATE' then
            perform search_rebuild(new.ticket_id);
            if old.ticket_id <> new.ticket_id then
                perform search_rebuild(old.ticket_id);
            end if;
        else
            perform search_rebuild(old.ticket_id);
        end if;
        return null;
    end $$
    """,
    """
    create function search_follow_attachment() returns trigger
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        said message;
    begin
        select * into said from message where id = case when tg_op = 'DELETE' then old.message_id else new.message_id end;
        if tg_op <> 'INSERT' then
            perform search_rebuild(said.ticket_id);
        elsif said.id is not null and said.deleted_at is null then
            perform search_add(said.ticket_id, new.name,
                               case said.visibility when 'internal' then 'D' else 'B' end::"char");
        end if;
        return null;
    end $$
    """,
    # One spelling of a term: a phrase whose last word is a prefix, unless it is exact or a number of several parts.
    """
    create function search_words(said text, is_exact boolean, weights text) returns tsquery
    immutable strict parallel safe language plpgsql as $$
    declare
        folded text := search_fold(said);
        last_word text := (string_to_array(folded, ' '))[cardinality(string_to_array(folded, ' '))];
        phrase text := phraseto_tsquery('pg_catalog.simple', folded)::text;
        found tsquery;
        stem text;
    begin
        if phrase = '' then
            return ''::tsquery;
        end if;
        if weights <> '' then
            phrase := regexp_replace(phrase, '''([^'']+)''', '''\\1'':' || weights, 'g');
        end if;
        if not is_exact and length(last_word) > 1
           and (last_word ~ '[^0-9]' or length(last_word) > 3 and position(' ' in folded) = 0) then
            phrase := phrase || case when weights = '' then ':*' else '*' end;
        end if;
        found := phrase::tsquery;
        if not is_exact and position('<' in phrase) = 0 then
            foreach stem in array tsvector_to_array(search_stems(folded)) loop
                found := found || (quote_literal(stem) || case weights when '' then '' else ':' || weights end)::tsquery;
            end loop;
        end if;
        return found;
    end $$
    """,
    # Every term is required, in one of its spellings; ids of people and clients count as spellings.
    """
    create function search_query(terms jsonb, weights text) returns tsquery
    immutable strict parallel safe language plpgsql as $$
    declare
        term jsonb;
        said text;
        one tsquery;
        asked tsquery := ''::tsquery;
    begin
        for term in select * from jsonb_array_elements(terms) loop
            one := ''::tsquery;
            for said in select * from jsonb_array_elements_text(term -> 'ways') loop
                one := one || search_words(said, (term ->> 'is_exact')::boolean, weights);
            end loop;
            for said in select * from jsonb_array_elements_text(term -> 'ids') loop
                one := one || quote_literal(said)::tsquery;
            end loop;
            asked := asked && one;
        end loop;
        return asked;
    end $$
    """,
    # The forms of a term in folded text, for excerpts: phrases whose last word is a prefix.
    """
    create function search_forms(ways text[], is_exact boolean) returns text[]
    immutable strict parallel safe language sql as $$
        select coalesce(array_agg(distinct form), '{{}}')
        from unnest(ways) way,
            lateral (
                select search_fold(way) as form
                union all
                select unnest(tsvector_to_array(search_stems(search_fold(way))))
                where not is_exact and position(' ' in search_fold(way)) = 0
            ) forms
        where form <> ''
    $$
    """,
    # The clients that the transaction may see, from its role and settings: null means every client.
    """
    create function search_scope() returns uuid[] stable language sql as $$
        select case current_setting('role')
            when 'msp_client' then array_remove(array[nullif(current_setting('msp.client_id', true), '')::uuid], null)
            when 'msp_staff_some' then coalesce(nullif(current_setting('msp.client_ids', true), '')::uuid[], '{{}}')
            when 'msp_staff' then null
            when 'msp_system' then null
            else '{{}}'::uuid[]
        end
    $$
    """,
    # Tickets for terms, the best `most` of the newest matches; all of them, in no order, if `most` is null.
    """
    create function search_tickets(terms jsonb, of_requester uuid, most integer)
    returns table (found_id uuid, rank real)
    rows 200 stable security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        clients uuid[] := search_scope();
        weights text := case when current_setting('role') = 'msp_client' then 'ABC' else '' end;
        said tsquery := search_query(terms, weights);
        asked tsquery := said;
        newest text;
        hits uuid[];
    begin
        if numnode(said) = 0 or clients = '{{}}' then
            return;
        end if;
        if clients is not null then
            asked := asked && (select string_agg(quote_literal('#c' || c), '|')::tsquery from unnest(clients) c);
        end if;
        if of_requester is not null then
            asked := asked && quote_literal('#p' || of_requester)::tsquery;
        end if;
        if most is null then
            return query execute 'select distinct ticket_id, 0::real from ticket_search where vector @@ $1'
                ' and ($2 is null or client_id = any($2))' using asked, clients;
            return;
        end if;
        if clients is null then  -- a word that many tickets share is looked for among the newest first
            select format('''#t%s''|''#t%s''', lpad(to_hex(last_at), 4, '0'), lpad(to_hex(last_at - 1), 4, '0')) into newest
            from (select ('x' || left(ticket_id::text, 4))::bit(16)::integer as last_at
                  from ticket_search order by ticket_id desc limit 1) latest;
            execute 'select array(select ticket_id from ticket_search where vector @@ $1)'
                into hits using asked && newest::tsquery;
        end if;
        if coalesce(cardinality(hits), 0) < most then
            execute 'select array(select ticket_id from ticket_search where vector @@ $1'
                ' and ($2 is null or client_id = any($2)))' into hits using asked, clients;
        end if;
        return query
            select s.ticket_id, max(ts_rank('{{0.1, 0.3, 0.6, 1.0}}', s.vector, said))
            from ticket_search s
            where s.ticket_id = any(array(select distinct hit from unnest(hits) hit order by hit desc limit most))
              and s.vector @@ said
            group by s.ticket_id;
    end $$
    """,
    # Finished tickets that share rare words with one, and which words. The newest tickets determine how rare a word is.
    """
    create function search_similar(of_ticket uuid, most integer)
    returns table (found_id uuid, score real, shared text[])
    rows 10 stable security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        clients uuid[] := search_scope();
        known tsvector[] := array(select vector from ticket_search where part = 0 and ticket_id <> of_ticket
                                  order by ticket_id desc limit 500);
        words text[];
        forms tsquery[];
        weights real[];
        asked tsquery;
        is_rare boolean;
        latest text;
    begin
        if clients = '{{}}' or cardinality(known) = 0 then
            return;
        end if;
        with word as (
            select distinct unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', search_fold(
                t.subject || ' ' || left(coalesce((select m.body from message m where m.ticket_id = t.id
                    and m.visibility = 'public' and m.deleted_at is null order by m.at, m.id limit 1), ''), 2000))))) as said
            from ticket t where t.id = of_ticket and (clients is null or t.client_id = any (clients)) limit 100
        ), form as (
            select said, (select string_agg(distinct quote_literal(f), '|')::tsquery
                          from unnest(search_forms(array[said], false)) f) as any_form
            from word
            where length(said) > 2 and not search_is_stop(said) and said <> all ('{courtesy}'::text[])
        ), weighed as (
            select said, any_form, ln((cardinality(known) + 1) / (0.5 + (
                select count(*) from unnest(known) k where k @@ any_form)))::real as weight
            from form
        ), chosen as (
            select * from weighed where weight > 0.2 order by weight desc, length(said) desc, said limit 10
        )
        select array_agg(chosen.said), array_agg(any_form), array_agg(weight), min(weight) > 5 or cardinality(known) < 500
        into words, forms, weights, is_rare from chosen;
        if words is null then
            return;
        end if;
        select string_agg('(' || f::text || ')', '|')::tsquery into asked from unnest(forms) f;
        if clients is not null then
            asked := asked && (select string_agg(quote_literal('#c' || c), '|')::tsquery from unnest(clients) c);
        elsif not is_rare then  -- many tickets share some of the words: the newest will do
            select format('''#t%s''|''#t%s''', lpad(to_hex(last_at), 4, '0'), lpad(to_hex(last_at - 1), 4, '0'))
            into latest
            from (select ('x' || left(ticket_id::text, 4))::bit(16)::integer as last_at
                  from ticket_search order by ticket_id desc limit 1) newest;
            asked := asked && latest::tsquery;
        end if;
        return query execute
            'select s.ticket_id, g.score, g.shared from ('
            '  select ticket_id, client_id, vector from ticket_search where vector @@ $1 and ticket_id <> $2'
            '  and ($3 is null or client_id = any($3)) order by ticket_id desc limit 2000) s'
            ' join ticket t on t.id = s.ticket_id and t.status in (''resolved'', ''closed''),'
            ' lateral (select sum(w)::real as score, array_agg(said order by w desc) as shared'
            '          from unnest($4, $5, $6) u(said, form, w) where s.vector @@ form) g'
            ' where g.score is not null order by g.score desc, s.ticket_id desc limit $7'
            using asked, of_ticket, clients, words, forms, weights, most;
    end $$
    """,
]
TRIGGERS = [
    "create trigger search_insert after insert on ticket for each row execute function search_follow_ticket()",
    "create trigger search_update after update of subject, requester_id, client_id on ticket for each row"
    " when (old.subject is distinct from new.subject or old.requester_id is distinct from new.requester_id"
    " or old.client_id is distinct from new.client_id) execute function search_follow_ticket()",
    "create trigger search_insert after insert on message for each row execute function search_follow_message()",
    "create trigger search_update after update of body, visibility, deleted_at, ticket_id on message for each row"
    " when (old.body is distinct from new.body or old.visibility is distinct from new.visibility"
    " or old.deleted_at is distinct from new.deleted_at or old.ticket_id is distinct from new.ticket_id)"
    " execute function search_follow_message()",
    "create trigger search_delete after delete on message for each row execute function search_follow_message()",
    "create trigger search_insert after insert on attachment for each row execute function search_follow_attachment()",
    "create trigger search_update after update of name, message_id on attachment for each row"
    " when (old.name is distinct from new.name or old.message_id is distinct from new.message_id)"
    " execute function search_follow_attachment()",
    "create trigger search_delete after delete on attachment for each row execute function search_follow_attachment()",
]
AS_SYSTEM = (  # functions that see every client and check what their caller may see
    'search_add(uuid, text, "char")',
    "search_rebuild(uuid)",
    "search_tickets(jsonb, uuid, integer)",
    "search_similar(uuid, integer)",
    "search_follow_ticket()",
    "search_follow_message()",
    "search_follow_attachment()",
)


def upgrade() -> None:
    """Create extensions, functions and the table; triggers index new text. 0021 indexes existing tickets."""
    known = {"lock": LOCK, "part": PART, "stop": STOP, "courtesy": COURTESY, "separators": SEPARATORS}
    known |= {"schema": _extension("unaccent"), "trigram": _extension("pg_trgm")}
    op.execute(
        "create table ticket_search (ticket_id uuid not null, part smallint not null, client_id uuid not null,"
        " size integer not null, vector tsvector not null,"
        " constraint pk_ticket_search primary key (ticket_id, part),"
        " constraint fk_ticket_search_client_id_ticket foreign key (client_id, ticket_id)"
        " references ticket (client_id, id) on delete cascade)"
    )
    protect("ticket_search", "tenant_staff")
    connection = op.get_bind()
    for function in FUNCTIONS:
        connection.exec_driver_sql(function.format(**known).replace("%", "%%"))
    _run_as_system()
    for trigger in TRIGGERS:
        op.execute(trigger)


def _extension(name: str) -> str:
    """Create an extension and return its schema: not public, which a restore replaces, but a permanent one."""
    op.execute(f"create schema if not exists {EXTENSIONS}")
    op.execute(f"grant usage on schema {EXTENSIONS} to public")
    op.execute(f"create extension if not exists {name} schema {EXTENSIONS}")
    found = text("select extnamespace::regnamespace::text from pg_extension where extname = :name")
    return str(op.get_bind().execute(found, {"name": name}).scalar_one())


def _run_as_system() -> None:
    """Make msp_system, whose policies see every client, the owner of functions; this needs CREATE on the schema."""
    op.execute("grant create on schema public to msp_system")
    for function in AS_SYSTEM:
        op.execute(f"alter function {function} owner to msp_system")
        op.execute(f"revoke execute on function {function} from public")
    op.execute("revoke create on schema public from msp_system")
    roles = "msp_client, msp_staff_some, msp_staff, msp_system"
    op.execute(f"grant execute on function search_tickets(jsonb, uuid, integer) to {roles}")
    op.execute("grant execute on function search_similar(uuid, integer) to msp_staff_some, msp_staff, msp_system")
