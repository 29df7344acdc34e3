import Foundation
import Testing

@testable import PipelineCore

struct YAMLTests {
  private func reader(_ text: String) throws -> YAMLReader {
    try YAMLReader(try YAMLValue(parsing: text, file: "f.yaml"), of: "the table")
  }

  @Test func typesAreStrict() throws {
    let reader = try reader(
      "i: 3\nd: 2.5\nb: true\ns: 4x\nquoted: '3'\nlist: [1, 2]\nyes: yes\nbig: 99999999999999999999\nhex: 0x10\nnan: .nan"
    )
    #expect(try reader.require("i", Int.self) == 3)
    #expect(try reader.require("i", Double.self) == 3)
    #expect(try reader.require("i", String.self) == "3")
    #expect(try reader.require("d", Double.self) == 2.5)
    #expect(try reader.require("b", Bool.self))
    #expect(try reader.require("list", [Int].self) == [1, 2])
    #expect(try reader.optional("absent", Int.self) == nil)
    #expect(
      line { _ = try reader.require("quoted", Int.self) }
        == "f.yaml:5: 'quoted' is the text '3'; a whole number would be right")
    #expect(
      line { _ = try reader.require("d", Int.self) }
        == "f.yaml:2: 'd' is '2.5'; a whole number would be right")
    #expect(
      line { _ = try reader.require("yes", Bool.self) }
        == "f.yaml:7: 'yes' is 'yes'; true or false would be right")
    #expect(
      line { _ = try reader.require("list", [Bool].self) }
        == "f.yaml:6: 'list' is a list of 2; a list, each item true or false would be right")
    #expect(throws: PipelineError.self) { try reader.require("big", Int.self) }
    #expect(throws: PipelineError.self) { try reader.require("nan", Double.self) }
    #expect(
      line { _ = try reader.require("i", UInt8.self) == 3 } == "no error")
    #expect(
      line { _ = try reader.optional("i", in: 4...5) } == "f.yaml:1: 'i' is 3; 4 to 5 would be right")
  }

  @Test func unreadKeysAreErrors() throws {
    let reader = try reader("width: 1\nheigth: 2")
    _ = try reader.require("width", Int.self)
    _ = try reader.optional("height", Int.self)
    #expect(line { try reader.finish() } == "f.yaml:2: unknown key 'heigth'; did you mean 'height'?")
  }

  private struct Recipe: Decodable, Equatable {
    enum Loss: String, Decodable { case l1, l2 }
    struct Optimiser: Decodable, Equatable {
      var name: String
      var rate: Double
      var warmup: Int?
    }
    var steps: Int
    var loss: Loss
    var ema: Float?
    var optimiser: Optimiser
    var crops: [Int]
    var weights: [String: Double]?
    var phases: [Optimiser]?
  }

  private func decode(_ text: String) throws -> Recipe {
    try YAMLValue(parsing: text, file: "f.yaml").decode(Recipe.self, of: "the training recipe")
  }

  @Test func recipesDecode() throws {
    let recipe = try decode(
      """
      steps: 100
      loss: l1
      optimiser: {name: adam, rate: 1e-4}
      crops: [48, 64]
      weights: {a: 1, b: 0.5}
      phases:
        - {name: sgd, rate: 1, warmup: 5}
      """)
    #expect(
      recipe
        == Recipe(
          steps: 100, loss: .l1, ema: nil, optimiser: .init(name: "adam", rate: 1e-4), crops: [48, 64],
          weights: ["a": 1, "b": 0.5], phases: [.init(name: "sgd", rate: 1, warmup: 5)]))
  }

  @Test(arguments: [
    ("steps: many\n", "f.yaml:1: 'steps' is 'many'; a whole number would be right"),
    ("stpes: 3\n", "f.yaml:1: unknown key 'stpes'; did you mean 'steps'?"),
    ("loss: l1\n", "f.yaml:1: the training recipe lacks the key 'steps' (a whole number)"),
    ("steps: 1\nloss: l3\n", "f.yaml:2: 'loss' is 'l3': Cannot initialize Loss from invalid String value l3"),
    (
      "steps: 1\nloss: l1\noptimiser:\n  name: a\n  rate: 1\n  warmpu: 3\n",
      "f.yaml:6: unknown key 'warmpu'; did you mean 'warmup'?"
    ),
    ("steps: 1\nloss: l1\noptimiser: {name: a}\n", "f.yaml:3: 'optimiser' lacks the key 'rate' (a number)"),
    (
      "steps: 1\nloss: l1\noptimiser: {name: a, rate: 1}\ncrops: [1, x]\n",
      "f.yaml:4: 'item 2' is 'x'; a whole number would be right"
    ),
    (
      "steps: 1\nloss: l1\noptimiser: {name: a, rate: 1}\ncrops: []\nepma: 1\n",
      "f.yaml:5: unknown key 'epma'; did you mean 'ema'?"
    ),
    (
      "steps: 1\nloss: l1\noptimiser: {name: a, rate: 1}\ncrops: []\nphases: [{name: a, rate: 1, x: 2}]\n",
      "f.yaml:5: unknown key 'x'; did you mean 'name'?"
    ),
  ])
  func recipesAreStrict(_ text: String, _ expected: String) {
    let found = line { _ = try decode(text) }
    // With no name near, any of the known ones will do.
    #expect(
      found == expected || (expected.contains("key 'x'") && found.hasPrefix("f.yaml:5: unknown key 'x'; ")))
  }

  @Test func hostileDocuments() {
    let bomb =
      "a: &a [x,x,x,x,x,x,x,x,x]\n"
      + "bcdefgh".map { letter in
        let before = String(UnicodeScalar(letter.asciiValue! - 1))
        return "\(letter): &\(letter) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ",")
          + "]\n"
      }.joined()
    #expect(line { _ = try YAMLValue(parsing: bomb, file: "f.yaml") }.contains("more than 100000 values"))
    let long = String(repeating: "a", count: 2 << 20)
    #expect(
      line { _ = try YAMLValue(parsing: long, file: "f.yaml") }.contains("at most 1048576 would be right"))
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: PipelineError.self) { try YAMLValue(parsing: deep, file: "f.yaml") }
    // As deep as the parser lets through.
    let legal = String(repeating: "[", count: 990) + String(repeating: "]", count: 990)
    #expect(throws: Never.self) { try YAMLValue(parsing: legal, file: "f.yaml") }
    #expect(
      line { _ = try YAMLValue(parsing: "a: 1\n---\nb: 2", file: "f.yaml") }.contains("f.yaml:2: not YAML"))
    #expect(
      line { _ = try YAMLValue(parsing: "[a]: 1", file: "f.yaml") } == "f.yaml:1: a key is not a plain word")
    #expect(throws: PipelineError.self) { try YAMLValue(parsing: "a: \u{0}b", file: "f.yaml") }
  }
}
