import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import ModelTraining

/// What a run leaves in its folder, and what it refuses to go on from.
struct CheckpointTests {
  private func message(_ problem: TinyProblem) throws -> String {
    let error = try #require(throws: TrainingError.self) { try problem.run(resume: true) }
    #expect(!error.description.contains("\n"))
    return error.description
  }

  @Test func noCheckpoint() throws {
    let problem = TinyProblem()
    let text = try message(problem)
    #expect(text == "there is no \(problem.checkpoint.path) to resume from; leave --resume out to begin")
  }

  @Test func anotherRecipeIsRefused() throws {
    var problem = TinyProblem()
    _ = try problem.run(stopBefore: 3)
    let before = try Data(contentsOf: problem.checkpoint)
    let changes: [(inout TrainingRecipe) -> Void] = [
      { $0.learningRate *= 2 }, { $0.seed = 7 }, { $0.steps += 1 }, { $0.optimizer = .adamw },
      { $0.chunkSize = 3 },
    ]
    let recipe = problem.recipe
    for change in changes {
      problem.recipe = recipe
      change(&problem.recipe)
      #expect(
        try message(problem).hasSuffix("was made by another recipe; resume with that one, or begin anew"))
    }
    #expect(try Data(contentsOf: problem.checkpoint) == before)
    // How often a run reports and saves, and how its weights are rounded in the end, is no part of what it makes.
    problem.recipe = recipe
    problem.recipe.evaluateEvery = 1
    problem.recipe.checkpointEvery = 100
    problem.recipe.storage = .int8
    #expect(try problem.run(resume: true).weights == TinyProblem().run().weights)
  }

  @Test func otherDataAreRefused() throws {
    var problem = TinyProblem()
    _ = try problem.run(stopBefore: 3)
    problem.context = "another"
    #expect(try message(problem).contains("(tiny network then, another now)"))
  }

  @Test func recipesThatCannotBe() throws {
    let changes: [(String, (inout TrainingRecipe) -> Void)] = [
      ("chunksPerStep is 0", { $0.chunksPerStep = 0 }), ("chunkSize is -1", { $0.chunkSize = -1 }),
      ("evaluateEvery is 0", { $0.evaluateEvery = 0 }), ("checkpointEvery is 0", { $0.checkpointEvery = 0 }),
      ("steps is -1", { $0.steps = -1 }), ("learningRate is nan", { $0.learningRate = .nan }),
      ("emaDecay is 1.0", { $0.emaDecay = 1 }),
    ]
    for (text, change) in changes {
      var problem = TinyProblem()
      change(&problem.recipe)
      let error = try #require(throws: TrainingError.self) { try problem.run() }
      #expect(error.description.contains(text))
    }
  }

  @Test func otherFilesAreRefused() throws {
    let problem = TinyProblem()
    try Safetensors(tensors: ["x": HostArray([1] as [Float], shape: [1])]).encoded().write(
      to: problem.checkpoint)
    #expect(try message(problem) == "\(problem.checkpoint.path) is not a checkpoint of this tool")
    try Data("nonsense".utf8).write(to: problem.checkpoint)
    #expect(throws: FormatError.self) { try problem.run(resume: true) }
  }

  @Test func checkpointOfAnotherNetworkIsRefused() throws {
    let problem = TinyProblem()
    _ = try problem.run(stopBefore: 3)
    var file = try Safetensors(contentsOf: problem.checkpoint)
    file.tensors["model.first.weight"] = try HostArray([1] as [Float], shape: [1])
    try file.encoded().write(to: problem.checkpoint)
    #expect(try message(problem).hasSuffix("has no weight 'first.weight' of this network"))
  }

  @Test func checkpointsHoldEverything() throws {
    let problem = TinyProblem()
    _ = try problem.run(stopBefore: 3)
    let file = try Safetensors(contentsOf: problem.checkpoint)
    #expect(file.metadata["step"] == "3")
    let names = ["first.weight", "first.bias", "second.weight", "second.bias"]
    for name in names {
      #expect(file.tensors["model.\(name)"] != nil && file.tensors["average.\(name)"] != nil)
    }
    // AdamW has three parameters, Muon the hidden one.
    #expect(file.tensors.keys.filter { $0.hasPrefix("optimizer.0.") }.count == 9)
    #expect(file.tensors.keys.filter { $0.hasPrefix("optimizer.1.") } == ["optimizer.1.0.momentum"])
  }

  @Test func log() throws {
    let problem = TinyProblem()
    let losses = try problem.run().losses
    let lines = try problem.logLines()
    #expect(lines.map(\.first) == ["5", "10", "12"])
    for line in lines {
      #expect(line.dropFirst().map { $0.prefix { $0 != "=" } } == ["loss", "steps/s", "largest"])
    }
    for (line, range) in zip(lines, [0..<5, 5..<10, 10..<12]) {
      let mean = losses[range].reduce(0, +) / Double(range.count)
      #expect(line[1] == "loss=" + String(format: "%.6g", mean))
    }
  }

  @Test func logGoesOn() throws {
    let problem = TinyProblem()
    _ = try problem.run(stopBefore: 7)
    _ = try problem.run(resume: true)
    #expect(try problem.logLines().map(\.first) == ["5", "10", "12"])
    // A run from the beginning begins a new one.
    _ = try problem.run(stopBefore: 7)
    #expect(try problem.logLines().map(\.first) == ["5"])
  }

  @Test func folderThatCannotBeWrittenTo() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("file")
    try Data().write(to: file)
    let error = try #require(throws: TrainingError.self) {
      try TrainingLog(folder: file.appendingPathComponent("below"), resume: false)
    }
    #expect(error.description.contains("cannot be written to"))
  }
}
