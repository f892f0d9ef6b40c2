"""Search: word forms that differ by accents, compounds and CJK text in the index, and all text of long tickets.

- Spanish stems of verbs such as «imprimía» are correct only with their accents: words are stemmed with and without.
- «Wi-Fi» and «SRV-DC01» are also stored as one word; Chinese and Japanese, which have no spaces, as character pairs.
- PostgreSQL keeps at most 255 positions of a word, so that phrases (an IP address) were lost at the end of long logs. A
  text is cut into parts in which no word occurs that often; each part begins with the last words of the previous one.
- Words of one search may be in several parts of a ticket. #m marks parts of tickets that have more than one.
- Long numbers of several parts are found by their beginning: F2026-001, IMG_2026.
"""

from alembic import op
from sqlalchemy import text

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SEPARATORS = (  # as in 0020
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020"
    r"\ue000-\uf8ff\ufe00-\ufe4f\ufff0-\uffff\U0001f000-\U0001faff"
)
CJK = r"\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
LOCK = 0x5EA2C4  # as in 0020
PART = 32_000  # characters after which a ticket's vector continues in another part: fewer words than positions, 16,383
LEAST = 500  # characters in which no word can occur 255 times
MOST_PLACES = 255
COMMON = 100  # characters that a part shares with the previous one
BATCH = 100  # tickets; each holds a lock until its batch is committed

FUNCTIONS = [
    """
    create function search_all_stems(said text) returns text[] immutable strict parallel safe language sql as $$
        select tsvector_to_array(search_stems(search_fold(said))) || case when said ~ '[áéíóúÁÉÍÓÚ]' then
            string_to_array(search_fold(array_to_string(tsvector_to_array(to_tsvector('pg_catalog.spanish',
                regexp_replace(translate(lower(normalize(said, NFC)), 'ÁÉÍÓÚÜÑ', 'áéíóúüñ'),
                               '[{separators}]+', ' ', 'g'))), ' ')), ' ')
            else '{{}}' end
    $$
    """,
    # Words with hyphens, underscores and the like as one word; numbers alone are not changed.
    """
    create function search_compounds(said text) returns text[] immutable strict parallel safe language sql as $$
        select array(
            select distinct search_fold(regexp_replace(found[1], '[-_·''’\u2010\u2011]', '', 'g'))
            from regexp_matches(said, '[^{separators}]+(?:[-_·''’\u2010\u2011][^{separators}]+)+', 'g') found
            where length(found[1]) <= 40 and found[1] ~ '[^-_·''’\u2010\u20110-9]')
    $$
    """,
    # Each character of Chinese and Japanese text, and each with the next one.
    """
    create function search_pairs(folded text) returns text[] immutable strict parallel safe language sql as $$
        select case when folded ~ '[{cjk}]' then array(
            select distinct pair
            from regexp_matches(folded, '[{cjk}]+', 'g') run, generate_series(1, length(run[1])) place,
                unnest(array[substr(run[1], place, 1), substr(run[1], place, 2)]) pair)
            else '{{}}' end
    $$
    """,
    # Words with their positions, for phrases; then their other forms, all at one position.
    """
    create or replace function search_vector(said text, weight "char") returns tsvector
    immutable strict parallel safe language plpgsql as $$
    declare
        folded text := search_fold(said);
        words tsvector := to_tsvector('pg_catalog.simple', folded);
        others text[] := search_all_stems(said) || search_compounds(said) || search_pairs(folded);
        known text[] := tsvector_to_array(words);
        more text;
    begin
        select string_agg(quote_literal(other) || ':1' || weight::text, ' ') into more
        from (select unnest(others) except select unnest(known)) added(other) where other <> '';
        return setweight(words, weight) || coalesce(more, '')::tsvector;
    end $$
    """,
    """
    create function search_most_places(vector tsvector) returns integer
    immutable strict parallel safe language sql as $$
        select coalesce(max(cardinality(positions)), 0) from unnest(vector)
    $$
    """,
    # A text in parts in which no word occurs too often, cut between words; each begins with the end of the one before.
    """
    create function search_parts(said text, weight "char") returns table (chars integer, vector tsvector)
    immutable strict parallel safe language plpgsql as $$
    declare
        begins integer := 1;
        size integer := {part};
        chunk text;
        tail integer;
    begin
        loop
            loop
                chunk := substr(said, begins, size);
                if begins + length(chunk) <= length(said) then
                    tail := length(substring(chunk from '\\S{{0,200}}$'));
                    chunk := left(chunk, length(chunk) - case when tail < 200 then tail else 0 end);
                end if;
                vector := search_vector(chunk, weight);
                exit when length(chunk) <= {least} or search_most_places(vector) < {most};
                size := greatest(length(chunk) / 2, {least});
            end loop;
            chars := length(chunk);
            return next;
            exit when begins + chars > length(said);
            begins := begins + chars - coalesce(length(substring(right(chunk, {common}) from '\\s(.*)$')), 0);
            size := least(size * 2, {part});
        end loop;
    end $$
    """,
    # Adds to the last part of a ticket, or starts another; creates the first one if there is none.
    """
    create or replace function search_add(of_ticket uuid, said text, weight "char") returns void
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        added record;
        last_part integer;
    begin
        perform pg_advisory_xact_lock({lock}, hashtext(of_ticket::text));
        for added in select * from search_parts(said, weight) loop
            select max(part) into last_part from ticket_search where ticket_id = of_ticket;
            update ticket_search set vector = vector || added.vector, size = size + added.chars
            where ticket_id = of_ticket and part = last_part and size + added.chars <= {part}
              and (size + added.chars <= {least} or search_most_places(vector || added.vector) < {most});
            if not found then
                update ticket_search set vector = vector || '''#m'':1A'::tsvector
                where ticket_id = of_ticket and part = 0 and last_part = 0;
                insert into ticket_search (ticket_id, part, client_id, size, vector)
                select t.id, coalesce(last_part + 1, 0), t.client_id, added.chars, search_base(t) || added.vector
                    || case when last_part is null then ''::tsvector else '''#m'':1A'::tsvector end
                from ticket t where t.id = of_ticket;
            end if;
        end loop;
    end $$
    """,
    # `room` is how often a word may still occur, in the worst case: words are counted when there may be too many.
    """
    create or replace function search_rebuild(of_ticket uuid) returns void
    security definer set search_path = pg_catalog, public, pg_temp language plpgsql as $$
    declare
        said record;
        base tsvector;
        collected tsvector;
        chars integer := 0;
        parts integer := 0;
        room integer := {most};
        this ticket;
    begin
        perform pg_advisory_xact_lock({lock}, hashtext(of_ticket::text));
        select * into this from ticket where id = of_ticket;
        delete from ticket_search where ticket_id = of_ticket;
        if this.id is null then
            return;
        end if;
        base := search_base(this);
        collected := base;
        for said in
            select piece.chars, piece.vector
            from (
                select m.at, m.id, m.body, case m.visibility when 'internal' then 'D' else 'C' end::"char" as weight
                from message m where m.ticket_id = of_ticket and m.deleted_at is null
                union all
                select m.at, m.id, a.name, case m.visibility when 'internal' then 'D' else 'B' end::"char"
                from message m join attachment a on a.message_id = m.id
                where m.ticket_id = of_ticket and m.deleted_at is null
                order by 1, 2
            ) of_message
            cross join lateral search_parts(of_message.body, of_message.weight) piece
        loop
            room := room - said.chars / 2 - 1;
            if room <= 0 then
                room := {most} - search_most_places(collected || said.vector);
            end if;
            if chars > 0 and (chars + said.chars > {part} or room <= 0) then
                insert into ticket_search (ticket_id, part, client_id, size, vector)
                values (this.id, parts, this.client_id, chars, collected);
                collected := base;
                chars := 0;
                parts := parts + 1;
                room := {most} - said.chars / 2 - 1;
            end if;
            collected := collected || said.vector;
            chars := chars + said.chars;
        end loop;
        insert into ticket_search (ticket_id, part, client_id, size, vector)
        values (this.id, parts, this.client_id, chars, collected);
        if parts > 0 then
            update ticket_search set vector = vector || '''#m'':1A'::tsvector where ticket_id = of_ticket;
        end if;
    end $$
    """,
    # One spelling of a term: a phrase whose last word is a prefix, unless it is exact or a short number.
    """
    create or replace function search_words(said text, is_exact boolean, weights text) returns tsquery
    immutable strict parallel safe language plpgsql as $$
    declare
        folded text := search_fold(said);
        last_word text := (string_to_array(folded, ' '))[cardinality(string_to_array(folded, ' '))];
        phrase text := phraseto_tsquery('pg_catalog.simple', folded)::text;
        suffix text := case weights when '' then '' else ':' || weights end;
        found tsquery;
        stem text;
    begin
        if phrase = '' then
            return ''::tsquery;
        end if;
        if folded ~ '[{cjk}]' then
            return search_pairs_asked(folded, suffix);
        end if;
        if weights <> '' then
            phrase := regexp_replace(phrase, '''([^'']+)''', '''\\1'':' || weights, 'g');
        end if;
        if not is_exact and length(last_word) > 1 and (last_word ~ '[^0-9]' or length(last_word) > 3
           or length(last_word) = 3 and position(' ' in folded) > 0) then
            phrase := phrase || case when weights = '' then ':*' else '*' end;
        end if;
        found := phrase::tsquery;
        if not is_exact and position('<' in phrase) = 0 then
            foreach stem in array search_all_stems(said) loop
                if stem <> '' then
                    found := found || (quote_literal(stem) || suffix)::tsquery;
                end if;
            end loop;
        end if;
        return found;
    end $$
    """,
    # Chinese and Japanese: every pair of characters (a single one alone), and prefixes of other words.
    """
    create function search_pairs_asked(folded text, suffix text) returns tsquery
    immutable strict parallel safe language sql as $$
        select string_agg(quote_literal(word) || case when is_pair or suffix <> '' then suffix else ':' end
                          || case when is_pair then '' else '*' end, '&')::tsquery
        from (
            select pair as word, true as is_pair
            from regexp_matches(folded, '[{cjk}]+', 'g') run, unnest(search_pairs(run[1])) pair
            where length(pair) = 2 or length(run[1]) = 1
            union
            select other, false from regexp_split_to_table(folded, '[ {cjk}]+') other where other <> ''
        ) asked
    $$
    """,
    """
    create or replace function search_forms(ways text[], is_exact boolean) returns text[]
    immutable strict parallel safe language sql as $$
        select coalesce(array_agg(distinct form), '{{}}')
        from unnest(ways) way,
            lateral (
                select search_fold(way) as form
                union all
                select unnest(search_all_stems(way))
                where not is_exact and position(' ' in search_fold(way)) = 0
            ) forms
        where form <> ''
    $$
    """,
    # Tickets that contain each term, in any of their parts.
    """
    create function search_spread(terms jsonb, weights text, within tsquery) returns uuid[]
    stable language sql as $$
        select array(
            select found.ticket_id
            from (select query, n from jsonb_array_elements(terms) with ordinality term(said, n),
                  search_query(jsonb_build_array(said), weights) query where numnode(query) > 0) one,
                lateral (select ticket_id from ticket_search where vector @@ (one.query && within)) found
            group by found.ticket_id
            having count(distinct one.n) = (select count(*) from jsonb_array_elements(terms) said
                where numnode(search_query(jsonb_build_array(said), weights)) > 0))
    $$
    """,
    # Tickets for terms, the best `most` of the newest matches; all of them, in no order, if `most` is null.
    """
    create or replace function search_tickets(terms jsonb, of_requester uuid, most integer)
    returns table (found_id uuid, rank real)
    rows 200 stable security definer set search_path = pg_catalog, public, pg_temp
    set work_mem = '48MB' set enable_seqscan = off language plpgsql as $$
    declare
        clients uuid[] := search_scope();
        weights text := case when current_setting('role') = 'msp_client' then 'ABC' else '' end;
        said tsquery := search_query(terms, weights);
        within tsquery := ''::tsquery;
        asked tsquery;
        newest text;
        hits uuid[];
        spread uuid[] := '{{}}';
    begin
        if numnode(said) = 0 or clients = '{{}}' then
            return;
        end if;
        if clients is not null then
            within := (select string_agg(quote_literal('#c' || c), '|')::tsquery from unnest(clients) c);
        end if;
        if of_requester is not null then
            within := within && quote_literal('#p' || of_requester)::tsquery;
        end if;
        asked := said && within;
        if clients is null and most is not null then  -- what many tickets share is looked for among the newest first
            select format('''#t%s''|''#t%s''', lpad(to_hex(last_at), 4, '0'), lpad(to_hex(last_at - 1), 4, '0')) into newest
            from (select ('x' || left(ticket_id::text, 4))::bit(16)::integer as last_at
                  from ticket_search order by ticket_id desc limit 1) latest;
            execute 'select array(select ticket_id from ticket_search where vector @@ $1)'
                into hits using asked && newest::tsquery;
        end if;
        if most is null or coalesce(cardinality(hits), 0) < most then
            execute 'select array(select ticket_id from ticket_search where vector @@ $1'
                ' and ($2 is null or client_id = any($2)))' into hits using asked, clients;
            if jsonb_array_length(terms) > 1 and (most is null or cardinality(hits) < most) then
                spread := search_spread(terms, weights, within && '''#m'''::tsquery);
            end if;
        end if;
        if most is null then
            return query select distinct hit, 0::real from unnest(hits || spread) hit;
            return;
        end if;
        return query
            select s.ticket_id, max(ts_rank('{{0.1, 0.3, 0.6, 1.0}}', s.vector, said))
            from ticket_search s
            where s.ticket_id = any(array(select distinct hit from unnest(hits) hit order by hit desc limit most))
              and s.vector @@ said
            group by s.ticket_id
            union all
            select distinct hit, 0::real from unnest(spread) hit where hit <> all(hits);
    end $$
    """,
]


def upgrade() -> None:
    """Create the functions; then index every ticket again, in batches; an interrupted run starts from the beginning."""
    known: dict[str, object] = {"lock": LOCK, "part": PART, "least": LEAST, "most": MOST_PLACES}
    known |= {"common": COMMON, "separators": SEPARATORS, "cjk": CJK}
    connection = op.get_bind()
    for function in FUNCTIONS:
        connection.exec_driver_sql(function.format(**known).replace("%", "%%"))
    op.execute("revoke execute on function search_spread(jsonb, text, tsquery) from public")
    op.execute("grant execute on function search_spread(jsonb, text, tsquery) to msp_system")
    taken = text(
        "select max(taken.id::text), count(*) filter (where search_rebuild(taken.id) is not null) from ("
        "select id from ticket where id > :after order by id limit :batch) taken"
    )
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.execute(text("set role msp_system"))  # forced policies hide all rows from the owner
        try:
            after: str | None = "00000000-0000-0000-0000-000000000000"
            while after is not None:
                after = connection.execute(taken, {"after": after, "batch": BATCH}).scalar()
        finally:
            connection.execute(text("reset role"))
