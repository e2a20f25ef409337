for i in $(seq 1 60); do
  /work/main/build/tests/bus_life_test > out.txt 2>&1 & p=$!
  for t in $(seq 1 70); do sleep 0.1; kill -0 $p 2>/dev/null || break; done
gdb -p $p -batch -x g.gdb 2>&1 | tail -190; wait $p; break; fi
import gdb
f=gdb.newest_frame()
while f and f.name()!=\"tenon_client_connect\": f=f.older()
f.select()
end" -ex "p *client" -ex "p *client->conn.stream" 2>/dev/null | tail -150; wait $p; break; fi
  wait $p || { grep -h "ERROR\|LINE\|FAILED\]" out.txt | head -3; }
done
