import Configuration
import Glibc
import Testing

@testable import Tools

/// Where `restart` and `drain` look for the running process.
struct RunningProcessTests {
    @Test func `a restart without anything that names a socket says what was looked for`() throws {
        let (place, missing) = try ControlPlace.find(socket: nil, config: nil, environment: [:])
        #expect(place == nil)
        for word in ["--socket", "--config", "GATEHOUSE_CONFIG", "GATEHOUSE_TAKEOVER"] {
            #expect(missing.contains(word), "\(word)")
        }
        #expect(ControlPlace.remedy.contains("kill -USR2 PID"))
    }

    @Test func `the socket is the flag's, else the file's, else the environment's`() throws {
        var template = Array("/tmp/gatehouse-restart-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        let file = "\(directory)/g.yaml"
        let stream = try #require(fopen(file, "w"))
        // Without upstream, which a flag gave to the process that runs.
        fputs("restart: {socket: /run/a}\n", stream)
        fclose(stream)
        defer {
            unlink(file)
            rmdir(directory)
        }
        #expect(
            try ControlPlace.find(socket: "/run/b", config: file, environment: [:]).place
                == ControlPlace(path: "/run/b", source: "--socket"))
        let configured = ControlPlace(path: "/run/a", source: "restart.socket of \(file)")
        #expect(try ControlPlace.find(socket: nil, config: file, environment: [:]).place == configured)
        #expect(try ControlPlace.find(socket: nil, config: nil, environment: ["GATEHOUSE_CONFIG": file]).place == configured)
        #expect(
            try ControlPlace.find(socket: nil, config: nil, environment: ["GATEHOUSE_TAKEOVER": "/run/c"]).place
                == ControlPlace(path: "/run/c", source: "GATEHOUSE_TAKEOVER"))
    }

    @Test func `the admin endpoints are looked for where serve in the same environment has them`() {
        #expect(AdminPlace(flag: nil, environment: [:]).text == "127.0.0.1:9900")
        #expect(AdminPlace(flag: nil, environment: ["GATEHOUSE_ADMIN_LISTEN": "127.0.0.1:1"]).source == "GATEHOUSE_ADMIN_LISTEN")
        #expect(AdminPlace(flag: "127.0.0.1:2", environment: ["GATEHOUSE_ADMIN_LISTEN": "127.0.0.1:1"]).text == "127.0.0.1:2")
        #expect(AdminPlace(flag: "off", environment: [:]).fault.contains("can't be asked"))
        let silence = AdminPlace(flag: nil, environment: [:]).silence
        for words in ["127.0.0.1:9900", "the default of --admin", "gatehouse serve", "--admin ADDRESS"] {
            #expect(silence.contains(words), "\(silence)")
        }
    }
}
