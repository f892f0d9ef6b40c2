-- {tickets} tickets of which 20,000 are unfinished (of 100,000 and more), four messages and four events each, two clocks each; 100,000 in
-- seconds, 1,000,000 in minutes. A message of each names one of 10,000 computers: of 1,000,000, a hundred name the same.
-- No client's person is above 20, no ticket without its clocks; ids sort by birth, as the desk's own do.
set session_replication_role = replica;
set synchronous_commit = off;
set work_mem = '128MB';
set statement_timeout = 0;
set maintenance_work_mem = '256MB';
select setseed(0.42);

create function pg_temp.born(at timestamptz, salt text) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(salt), 1, 3)
          || '8' || substr(md5(salt), 4, 15))::uuid
$$;

insert into person (id, client_id, name, email, role, locale, timezone, created_at)
select pg_temp.born(now(), 'p' || c.code || n), c.id,
       (array['Marta','Pablo','Lucía','Íñigo','Carmen','Jordi','Ane','Sergio','Noa','Tomás'])[n % 10 + 1] || ' '
       || (array['Ruiz','Gil','Navas','Prieto','Ferrer','Lago','Sanz','Otero','Rey','Font'])[(n / 2) % 10 + 1],
       'p' || n || '@' || lower(c.code) || '.example', 'client_employee', 'es', 'Europe/Madrid', now()
from client c cross join generate_series(0, 19) n;

create temp table c as
select row_number() over (order by code) - 1 as n, client.id, client.code, contract.id as contract_id, calendar_id
from client join contract on contract.client_id = client.id;
create temp table p as
select id, client_id, row_number() over (partition by client_id order by id) - 1 as n
from person where client_id is not null;
create temp table a as
select id, name, row_number() over (order by email) - 1 as n from person where client_id is null;

create temp table t as
select i, pg_temp.born(born.at, 't' || i) as id, c.id as client_id, c.contract_id, c.calendar_id, i / 200 + 1 as number,
       p.id as requester_id, a.id as assignee_id, a.name as assignee,
       i % 5 = 0 and i >= {tickets} - 100000 as is_open, (i / 5) % 5 = 4 as is_paused, (i / 5) % 4 = 3 as is_new, born.at,
       (array['La impresora no imprime','No llega el correo','Sin conexión en el almacén','El TPV no cobra',
              'He olvidado la contraseña','El portátil no arranca','Alta de una persona nueva','La VPN se corta',
              'Falta una carpeta compartida','El programa de facturas da error'])[i % 10 + 1]
       || ' en ' || (array['recepción','la oficina','la tienda','el taller','contabilidad','la nave 2'])[i % 6 + 1] as subject,
       now() + make_interval(mins => ((i::bigint * 7919) % 12000)::int - 400) as due_at
from generate_series(0, {tickets} - 1) i
cross join lateral (select now() - make_interval(mins => ({tickets} - i) * 5) as at) born
join c on c.n = i % 200
join p on p.client_id = c.id and p.n = (i / 200) % 20
join a on a.n = (i / 5) % 50;

-- Indexes of words are built at the end, in a tenth of the time.
drop index ix_ticket_search, ix_ticket_search_vector;

insert into ticket (id, client_id, number, requester_id, subject, body, status, priority, type, tier, assignee_id,
                    contract_id, source, tags, due_at, due_kind, due_from, paused_at, created_at, updated_at, resolved_at)
select id, client_id, number, requester_id, subject,
       'Buenos días. ' || subject || ' desde esta mañana y no podemos seguir. Ya lo hemos reiniciado. Gracias.',
       case when not is_open then 'resolved' when is_paused then 'waiting_client' when is_new then 'new' else 'open' end,
       (array['normal','normal','low','high','normal','urgent','normal','high'])[i % 8 + 1],
       case when i % 3 = 0 then 'request' else 'incident' end, i % 3 + 1,
       case when is_open and is_new then null else assignee_id end, contract_id,
       (array['slack','teams','portal','email'])[i % 4 + 1],
       case when i % 4 = 0 then array['red','oficina'] else '{}'::text[] end,
       case when is_open and not is_paused then due_at end, case when is_open and not is_paused then 'resolution' end,
       case when is_open and not is_paused then at end, case when is_open and is_paused then at + interval '1 hour' end,
       at, at + interval '1 hour', case when not is_open then at + interval '1 hour' end
from t;

insert into sla_clock (id, client_id, ticket_id, calendar_id, kind, state, budget_seconds, started_at, due_at, met_at, next_step)
select pg_temp.born(at, kind || i), client_id, id, calendar_id, kind,
       case when kind = 'first_response' or not is_open then 'met' when is_paused then 'paused' else 'running' end,
       case kind when 'first_response' then 7200 else 57600 end, at,
       case when is_open and not is_paused and kind = 'resolution' then due_at end,
       case when kind = 'first_response' or not is_open then at + interval '20 minutes' end, 2
from t cross join (values ('first_response'), ('resolution')) k(kind);

insert into sla_pause (id, client_id, ticket_id, started_at, reason)
select pg_temp.born(at, 'z' || i), client_id, id, at + interval '1 hour', 'waiting_client'
from t where is_open and is_paused;

insert into message (id, client_id, ticket_id, author_id, visibility, channel, body, at)
select pg_temp.born(said.at, 'm' || i || '.' || k), client_id, id, case when k % 2 = 0 then requester_id else assignee_id end,
       case when k = 3 then 'internal' else 'public' end,
       case when k % 2 = 1 then 'console' else (array['slack','teams','portal','email'])[i % 4 + 1] end,
       subject || case k when 0 then ' desde esta mañana y no podemos seguir. Ya lo hemos reiniciado. Gracias.'
         when 1 then '. Lo miro ahora mismo: ¿aparece algún mensaje en la pantalla? Si puedes, haz una foto y mándala por aquí.'
         when 2 then '. Sale un aviso en rojo que dice que no hay conexión. Te mando la foto en cuanto pueda. El equipo es pc' || lpad((i % 10000)::text, 5, '0') || '.'
         else '. Era el mismo cable de la semana pasada: hay que cambiarlo en la próxima visita.' end, said.at
from t cross join generate_series(0, 3) k
cross join lateral (select t.at + make_interval(mins => k * 15) as at) said;

insert into event (id, client_id, kind, subject_id, actor_id, at, visibility, data)
select pg_temp.born(happened.at, 'e' || i || '.' || k), client_id, (array['ticket.opened','ticket.assigned','ticket.replied','ticket.status_changed'])[k + 1],
       id, case when k = 0 then requester_id else assignee_id end, happened.at, 'public',
       case k when 1 then jsonb_build_object('name', assignee) when 3 then '{"before": "new", "after": "open"}'::jsonb
         else '{}'::jsonb end
from t cross join generate_series(0, 3) k
cross join lateral (select t.at + make_interval(mins => k * 15) as at) happened
order by i, k;

insert into ticket_counter (client_id, last) select client_id, max(number) from t group by client_id
on conflict (client_id) do update set last = excluded.last;
update delivery set state = 'done';

-- What search_rebuild makes of each ticket, out of vectors that many tickets share.
create temp table s as
select subject, search_vector(subject, 'A')
       || search_vector(subject || ' desde esta mañana y no podemos seguir. Ya lo hemos reiniciado. Gracias.', 'C')
       || search_vector(subject || '. Lo miro ahora mismo: ¿aparece algún mensaje en la pantalla? Si puedes, haz una foto y mándala por aquí.', 'C')
       || search_vector(subject || '. Sale un aviso en rojo que dice que no hay conexión. Te mando la foto en cuanto pueda.', 'C')
       || search_vector(subject || '. Era el mismo cable de la semana pasada: hay que cambiarlo en la próxima visita.', 'D') as vector
from (select distinct subject from t) subjects;
create temp table pc as
select n, search_vector('El equipo es pc' || lpad(n::text, 5, '0') || '.', 'C') as vector from generate_series(0, 9999) n;
insert into ticket_search (ticket_id, part, client_id, size, vector)
select id, 0, client_id, 500,
       format('''#c%s'':1A ''#p%s'':1A ''#t%s'':1A', client_id, requester_id, left(id::text, 4))::tsvector
       || s.vector || pc.vector
from t join s using (subject) join pc on pc.n = i % 10000
order by i;
create index ix_ticket_search on ticket using gin (search);
create index ix_ticket_search_vector on ticket_search using gin (vector);
