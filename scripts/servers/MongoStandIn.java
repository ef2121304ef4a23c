import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

/** Serves MongoDB's wire protocol on a port of the loopback address until it is killed. Keeps all in memory. */
public class MongoStandIn {
  public static void main(String[] args) throws Exception {
    MongoServer server = new MongoServer(new MemoryBackend());
    server.enableOplog();
    server.bind("127.0.0.1", Integer.parseInt(args[0]));
    Thread.currentThread().join();
  }
}
