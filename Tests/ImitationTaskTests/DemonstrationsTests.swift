import Foundation
import PipelineCore
import TestSupport
import Testing

@testable import ImitationTask

/// Demonstrations from files, and what is said of broken ones.
struct DemonstrationsTests {
  private let small: SmallPolicies

  init() throws { small = try SmallPolicies() }

  private func read(_ text: String, _ name: String) throws -> Demonstrations {
    try DemonstrationFiles.read([small.write(text, name)])
  }

  @Test func linesAndTablesSayTheSame() throws {
    let lines = try read(
      """
      {"episode": "a", "task": "go", "time": 0, "observation": [1, 2.5], "action": [0.5], "executed": [0.25]}
      {"episode": "a", "task": "go", "time": 0.1, "observation": [3, 4], "action": [-1], "executed": [-1]}

      {"episode": 7, "task": "come", "time": 0, "observation": [5, 6], "action": [0], "executed": [0]}
      """, "a.jsonl")
    #expect(lines.observationSize == 2 && lines.actionSize == 1 && lines.steps == 3)
    #expect(lines.tasks == ["come", "go"] && lines.episodes.map(\.name) == ["a", "7"])
    #expect(lines.episodes[0].observations == [1, 2.5, 3, 4] && lines.episodes[0].actions == [0.5, -1])
    #expect(lines.episodes[0].executed == [0.25, -1])
    let table = try read(
      """
      episode,task,time,observation.0,observation.1,action.0,executed.0
      a,go,0,1,2.5,0.5,0.25
      a,go,0.1,3,4,-1,-1
      7,come,0,5,6,0,0
      """, "a.csv")
    #expect(table == lines)
    let both = try DemonstrationFiles.read([small.folder.url])
    #expect(both.episodes.count == 4)
    #expect(lines.prefix(1).episodes.count == 2)
  }

  /// Arrays as samples/imitation/record.py writes them: two episodes, three steps and two.
  @Test func readsArrays() throws {
    let file = try #require(
      Bundle.module.url(forResource: "demonstrations", withExtension: "npz", subdirectory: "Golden"))
    let found = try DemonstrationFiles.read([file])
    #expect(found.observationSize == 2 && found.actionSize == 1)
    #expect(found.episodes.map(\.observations) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]])
    #expect(found.episodes.map(\.actions) == [[0, 1, 2], [3, 4]])
    #expect(found.episodes.map(\.executed) == [[0.5, 1.5, 2.5], [3.5, 4.5]])
  }

  @Test(arguments: [
    (
      "{\"episode\": 1, \"observation\": [1], \"action\": [1]}\n{\"episode\": 1, \"observation\": [1, 2], \"action\": [1]}",
      ":2: observation has 2 numbers, where"
    ),
    ("{\"episode\": 1, \"observation\": [1], \"action\": [1e99]}", ":1 is not JSON, or has a number"),
    ("{\"episode\": 1, \"observation\": [1]}", ":1 lacks 'action'"),
    ("{\"episode\": 1, \"observation\": [NaN], \"action\": [1]}", ":1 is not JSON"),
    ("{\"episode\": 1, \"observation\": [null], \"action\": [1]}", ":1 has at 'observation"),
    ("{\"episode\": 1, \"observation\": [1], \"action\": []}", ":1 has no action"),
    (
      "{\"episode\": 1, \"time\": 0, \"observation\": [1], \"action\": [1]}\n{\"episode\": 1, \"time\": 0.1, \"observation\": [1], \"action\": [1]}\n{\"episode\": 1, \"time\": 0.2, \"observation\": [1], \"action\": [1]}\n{\"episode\": 1, \"time\": 0.9, \"observation\": [1], \"action\": [1]}",
      ":4 is 0.7"
    ),
    (
      "{\"episode\": 1, \"observation\": [1], \"action\": [1]}\n{\"episode\": 2, \"observation\": [1], \"action\": [1]}\n{\"episode\": 1, \"observation\": [1], \"action\": [1]}",
      ":3 goes on with episode '1'"
    ),
    (
      "{\"episode\": 1, \"task\": \"a\", \"observation\": [1], \"action\": [1]}\n{\"episode\": 2, \"observation\": [1], \"action\": [1]}",
      ":2 names no task"
    ),
    ("\n", "holds no step"),
  ]) func namesTheRow(_ text: String, _ complaint: String) throws {
    #expect {
      try read(text, "broken.jsonl")
    } throws: { error in
      (error as? PipelineError)?.kind == .data && "\(error)".contains(complaint)
    }
  }

  @Test(arguments: [
    ("a,b\n1,2", "no column 'episode'"), ("episode,observation.0\n1,2", "no column 'action.0'"),
    ("episode,observation.0,observation.2,action.0\n1,2,3,4", "none named 'observation.1'"),
    ("episode,observation.0,action.0\n1,2,3\n1,2,3,4\n", ":3 has more cells"),
    ("episode,task,observation.0,action.0\n1,,2,3\n", ":2 has no task"),
    ("episode,observation.0,action.0\n1,2,x", ":2: 'action.0' is 'x'"),
    ("episode,observation.0,action.0\n1,nan,1", ":2: observation 0 is nan"),
  ]) func namesTheCell(_ text: String, _ complaint: String) throws {
    #expect {
      try read(text, "broken.csv")
    } throws: { error in
      (error as? PipelineError)?.kind == .data && "\(error)".contains(complaint)
    }
  }

  @Test func otherFilesAreNamed() throws {
    #expect { try read("", "a.parquet") } throws: { "\($0)".contains("convert_lerobot.py") }
    #expect { try read("", "a.txt") } throws: { "\($0)".contains(".jsonl, .csv, .npz") }
    #expect { try DemonstrationFiles.read([]) } throws: { "\($0)".contains("--data is missing") }
  }

  /// The demonstrator passes on both sides, and never touches.
  @Test func theCourseHasTwoWays() {
    let found = ObstacleCourse.demonstrations(60, seed: 3)
    let middles = found.episodes.map { episode -> Float in
      let places = stride(from: 0, to: episode.observations.count, by: 2).map {
        SIMD2(episode.observations[$0], episode.observations[$0 + 1])
      }
      #expect(places.allSatisfy { ($0 * $0).sum() >= ObstacleCourse.radius * ObstacleCourse.radius })
      #expect(places.count < ObstacleCourse.mostSteps && places.last.map { $0.x > 0.9 } == true)
      return places.min { abs($0.x) < abs($1.x) }!.y
    }
    let above = middles.count { $0 > 0 }
    #expect((15...45).contains(above) && middles.allSatisfy { abs($0) > ObstacleCourse.radius })
  }
}
