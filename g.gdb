thread 1
python
f=gdb.newest_frame()
while f and f.name()!="tenon_client_connect": f=f.older()
f.select()
end
p client->state
p client->has_conn
p client->attempt_count
p client->conn
p *client->conn.stream
p client->timer
p client->silence
up
p *host
p *host->server
