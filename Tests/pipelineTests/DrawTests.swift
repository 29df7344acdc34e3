import Foundation
import MediaIO
import PipelineKit
import Testing

/// Drawing and the verbs of inference, as people type them, with the committed weights.
struct DrawTests {
  /// What a task says that it can be asked for is what it can be asked for.
  @Test func verbsAreThoseOfTheProtocols() {
    for task in TaskRegistry.all.tasks {
      let can: [(Verb, Bool)] = [
        (.evaluate, task is any EvaluableTask), (.train, task is any TrainableTask),
        (.score, task is any ScoringTask), (.classify, task is any ClassifyingTask),
        (.describe, task is any DescribingTask), (.complete, task is any CompletingTask),
        (.embed, task is any EmbeddingTask),
      ]
      for (verb, isAble) in can { #expect(task.verbs.contains(verb) == isAble, "\(task.name) \(verb)") }
    }
  }

  @Test func drawsReplayAndVerbs() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let sheet = try tool(["run", "class-image", "--class", "trouser", "--count", "5", "--seed", "7"])
    #expect(sheet.status == 0 && sheet.text == "class-image.png\n", "\(sheet.errors)")
    let folder = try tool([
      "run", "class-image", "trouser", "--count", "5", "--seed", "7", "--threads", "1", "-o", "single/",
    ])
    #expect(folder.text.split(separator: "\n").count == 5)
    let alone = try tool([
      "run", "class-image", "trouser", "--seed", "7", "--first", "3", "-o", "-", "--family", "diffusion",
    ])
    #expect(
      try Data(contentsOf: tool.folder.appendingPathComponent("single/class-image-0003.png")) == alone.output)
    for file in ["class-image.png", "single/class-image-0003.png"] {
      let replay = try tool(["replay", file])
      #expect(replay.status == 0 && replay.text.contains("the same"), "\(replay.errors)")
    }
    let pipe = try tool(["stage", "draw-class-image", "--seed", "7"], input: Data("trouser".utf8))
    let picture = try tool(["stage", "encode-png"], input: pipe.output)
    #expect(
      try Image(pngData: picture.output).samples
        == Image(contentsOf: tool.folder.appendingPathComponent("single/class-image-0000.png")).samples)

    let diffused = try tool([
      "run", "class-image", "--class", "bag", "--family", "diffusion", "--count", "3", "--steps", "4", "-o",
      "d.png",
    ])
    #expect(diffused.status == 0, "\(diffused.errors)")
    #expect(try tool(["replay", "d.png", "--threads", "1"]).text.contains("the same"))

    let input = "single/class-image-0001.png"
    let classified = try tool(["classify", "class-image", input, "--family", "flow", "--json"])
    #expect(classified.text.contains("\"posterior\":[{\"name\":\"trouser\""), "\(classified.errors)")
    let some = try tool(["classify", "class-image", input, "missing.png", input])
    #expect(some.status == 1 && some.text.split(separator: "\n").count == 2)
    #expect(some.errors.contains("missing.png: no such file") && some.errors.contains("1 of 3 inputs failed"))
    let score = try tool(["score", "class-image", input, "--class", "trouser"])
    #expect(score.text.contains("log P(x | trouser)") && score.text.contains("bits/dim over 784"))
    let embedded = try tool(["embed", "class-image", input, input, "-o", "z.npy"])
    #expect(embedded.status == 0 && embedded.text == "z.npy\n")
    let holes = Image(
      width: 28, height: 28, channels: .grey, samples: .uint8((0..<784).map { $0 < 392 ? 255 : 0 }))
    try holes.pngData().write(to: tool.folder.appendingPathComponent("mask.png"))
    let completed = try tool([
      "complete", "class-image", input, "--mask", "mask.png", "--count", "3", "-o", "completed.png",
    ])
    #expect(completed.status == 0 && tool.files.contains("completed.png"), "\(completed.errors)")
    let again = try tool(["replay", "completed.png"])
    #expect(again.status == 1 && again.errors.contains("made by 'complete'"))
  }

  @Test func mistakesAreOneLine() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try Data("no picture".utf8).write(to: tool.folder.appendingPathComponent("notes.txt"))
    let cases: [([String], Int32, String)] = [
      (["run", "class-image", "--class", "sneeker"], 2, "did you mean 'sneaker'"),
      (["run", "class-image", "bag", "--class", "coat"], 2, "one would be right"),
      (["run", "class-image", "a", "b"], 2, "one word or none"),
      (["run", "class-image", "-o", "x.jpg"], 2, "writes .png files"),
      (["run", "class-image", "--count", "0"], 2, "--count is '0'"),
      (["run", "class-image", "--family", "mixtur"], 2, "did you mean 'mixture'"),
      (["train", "class-image", "--family", "flwo"], 2, "did you mean 'flow'"),
      (["evaluate", "class-image", "--family", "flwo"], 2, "did you mean 'flow'"),
      (["classify", "super-resolution", "notes.txt"], 2, "cannot classify"),
      (["score", "class-image"], 2, "needs an input"),
      (["score", "class-image", "notes.txt", "--family", "discriminative"], 2, "these can: mixture"),
      (["run", "class-image", "--family", "mixture", "--steps", "3"], 2, "draws at once"),
      (["run", "class-image", "--family", "discriminative"], 2, "cannot draw"),
      (
        ["run", "class-image", "--interpolate", "notes.txt", "--family", "mixture"], 2,
        "does not map pictures"
      ),
      (["run", "class-image", "--family", "diffusion", "--sampler", "heum"], 2, "did you mean 'heun'"),
      (["score", "class-image", "notes.txt"], 1, "not a picture in a known format"),
      (["classify", "class-image", "missing.png"], 1, "missing.png"),
      (["embed", "class-image", "notes.txt", "-o", "z.txt"], 1, "notes.txt"),
      (["complete", "class-image", "notes.txt", "notes.txt"], 2, "complete takes one input"),
    ]
    for (arguments, status, text) in cases {
      let outcome = try tool(arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.output.isEmpty)
    }
    #expect(tool.files == ["notes.txt"])
  }
}
